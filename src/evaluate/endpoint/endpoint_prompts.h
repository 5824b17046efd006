// A task as an endpoint's model reads it: the published text prompts (docs/formats/text-prompts.md) in the messages of
// a chat, or as plain text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "encoding/text/text_columns.h"
#include "encoding/text/text_prompt.h"
#include "evaluate/endpoint/endpoint_options.h"
#include "predict/predictor.h"

namespace manyshot {

class EndpointPrompts {
 public:
  // The views are those that a local language model sees with the same seed. Throws Error(kBadInput, kUnsupported) for
  // options of other kinds of models and for rows that do not differ.
  EndpointPrompts(const LabelledTable& shots, const EndpointOptions& endpoint, const MethodOptions& options,
                  uint64_t seed);
  EndpointPrompts(const EndpointPrompts&) = delete;

  size_t num_members() const { return views_.size(); }
  const std::vector<uint32_t>& class_counts() const { return class_counts_; }
  const std::vector<std::string>& notes() const { return columns_.notes; }

  // Where requests go: "/chat/completions" or "/completions".
  std::string path() const;
  // The request for rows [first_row, first_row + num_queries) of `queries`, without the model's name.
  Json request(const Table& queries, size_t first_row, size_t num_queries, size_t member) const;
  // [K] what the classes are called in a member's prompts.
  std::vector<std::string> labels(size_t member) const;

 private:
  Json chat_messages(const std::string& user_text) const;
  std::string plain_text(const std::string& user_text) const;

  Table shots_;  // the prompt refers to it
  EndpointOptions endpoint_;
  std::optional<ChatWrapping> chat_;
  std::vector<uint32_t> class_counts_;
  TextColumns columns_;
  TextPrompt prompt_;
  std::vector<TaskView> views_;
};

}  // namespace manyshot
