// Tables, and a language model as OpenAI's API has it, behind HTTP: `manyshot serve`.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "core/options.h"
#include "encoding/text/chat_wrapping.h"
#include "model/model.h"
#include "serve/served_tables.h"

namespace manyshot::serve {

struct ServeOptions {
  std::string name;
  std::optional<ChatWrapping> chat;
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string api_key_file;
  int texts_at_once = 32;
  int most_texts = 1024;
  int max_body_mb = 16;
  int request_timeout_s = 600;
  int stop_timeout_s = 30;
  TableOptions tables;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Language model");
    v("name", self.name, any_value(), "What requests call the model; without it what --model says, without folders.");
    v("chat", self.chat, any_value().unset_as("auto"),
      "What stands around messages; auto: the special tokens that the tokenizer has.");
    TableOptions::visit(self.tables, v);
    option_heading(v, "Network");
    v("host", self.host, any_value(), "Address to listen on; another than this machine's own needs --api-key-file.");
    v("port", self.port, between(0, 65'535), "Port; 0: any that is free.");
    v("api_key_file", self.api_key_file, any_value(), "File with API keys, one a line; requests must carry one.");
    option_heading(v, "Limits");
    v("texts_at_once", self.texts_at_once, between(1, 1024), "Texts written together.");
    v("most_texts", self.most_texts, between(1, 1'000'000),
      "Texts written or waiting; what comes beyond is told to try again (429).");
    v("max_body_mb", self.max_body_mb, between(1, 1024), "Megabytes of a request at most.");
    v("request_timeout_s", self.request_timeout_s, between(1, 86'400), "Seconds a request may take.");
    v("stop_timeout_s", self.stop_timeout_s, between(0, 86'400),
      "Seconds that what is under way is given when the server is asked to stop.");
  }
  // Throws Error(kBadInput) for a host other than this machine without keys.
  void validate() const;
};

// Listens from when it is made.
class Service {
 public:
  // `model` may be null: then there are tables alone. Throws Error(kUnsupported) for one that is no language model, and
  // what options, keys, folder and address are to blame for.
  Service(std::shared_ptr<const Model> model, const ServeOptions& options);
  ~Service();  // ends what is under way
  Service(const Service&) = delete;

  std::string base_url() const;     // http://127.0.0.1:8080/v1
  const std::string& name() const;  // of the language model; "" without one
  int port() const;
  // Takes nothing new. Returns whether everything under way was finished within the time.
  bool drain(std::chrono::milliseconds time);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace manyshot::serve
