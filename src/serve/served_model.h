// A language model that is served, and how requests for text are read and answered, whichever door they come by.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "encoding/text/chat_wrapping.h"
#include "model/model.h"
#include "serve/http_server.h"
#include "serve/request_fields.h"
#include "serve/scheduler.h"

namespace manyshot::serve {

struct ServedModel {
  std::shared_ptr<const Model> model;
  std::string name;  // as requests and answers call it
  ChatWrapping wrapping = ChatWrapping::kRaw;
  std::chrono::seconds timeout{600};  // of a request
  int64_t created = 0;                // Unix time
  std::unique_ptr<Scheduler> scheduler;

  const Tokenizer& tokenizer() const { return *model->tokenizer(); }
  int window() const { return model->info().context_window; }
  // Throws Error(kNotFound) where "model" is given and names another one.
  void check_name(const RequestFields& fields) const;
};

// What requests of both kinds have: temperature, top_p, top_k, stop, seed, ignore_eos. Without a seed texts are drawn
// anew each time. Throws Error(kBadInput), and Error(kUnsupported) for penalties, biases and the like.
GenerateOptions writing_options(const RequestFields& fields, int max_tokens);
// {"include_usage": …} of "stream_options"
bool wants_usage(const RequestFields& fields);

// The texts of a request, each answered by `choice`: {"index": …, …}, made from one update that has all of it, or in
// streams from each.
struct TextAnswer {
  std::string id_prefix;      // "cmpl-"
  std::string object;         // "text_completion"
  std::string stream_object;  // the same, or "chat.completion.chunk"
  std::function<Json(const TextUpdate& update)> choice;
  std::function<Json(const TextUpdate& update)> stream_choice;
  std::function<Json(size_t text)> first_choice;  // of a text in a stream, before its updates; may be empty
  bool is_stream = false, includes_usage = false;
};
Response answer_texts(const ServedModel& served, std::vector<GenerateRequest> requests, TextAnswer answer,
                      const Request& request);

// A token's bytes as JSON can hold them: "bytes:\xe2\x80" where they are no UTF-8.
std::string token_name(const Tokenizer& tokenizer, TokenId token);

}  // namespace manyshot::serve
