#include "evaluate/endpoint/endpoint_prompts.h"

#include "core/error.h"
#include "predict/ensemble.h"
#include "predict/model_store.h"
#include "predict/text_task.h"

namespace manyshot {
namespace {

std::vector<TaskView> views_of(const LabelledTable& shots, size_t num_features, int members, uint64_t seed) {
  const EnsembleShape shape{.members = members,
                            .max_rows = shots.labels.size(),
                            .max_features = num_features,
                            .num_label_ids = shots.num_classes()};
  return make_views(shots.labels, shots.num_classes(), std::vector<double>(num_features), shape,
                    Rng(seed).child("ensemble"));
}

}  // namespace

EndpointPrompts::EndpointPrompts(const LabelledTable& shots, const EndpointOptions& endpoint,
                                 const MethodOptions& options, uint64_t seed)
    : shots_(shots.features),
      endpoint_(endpoint),
      chat_(options.prompt.chat),
      class_counts_(shots.class_counts()),
      columns_(shots_, options.prompt.format.value_or(PromptStyle::kConcat)),
      prompt_(shots_, shots.labels, text_prompt_options(shots, options.prompt)),
      views_(views_of(shots, columns_.columns.size(), options.ensemble.value_or(1), seed)) {
  if (options.prompt.format == PromptStyle::kLines) {
    fail(ErrorKind::kBadInput, "--format lines: an endpoint's model answers in JSON; take concat or tabllm");
  }
  if (!options.adapter.empty() && options.adapter != kNoAdapter) {
    fail(ErrorKind::kUnsupported, "--adapter {}: an endpoint's model cannot be given an adapter; serve it with one",
         options.adapter);
  }
}

std::string EndpointPrompts::path() const {
  return endpoint_.endpoint_api == EndpointApi::kChat ? "/chat/completions" : "/completions";
}

Json EndpointPrompts::request(const Table& queries, size_t first_row, size_t num_queries, size_t member) const {
  const std::string user_text = prompt_.user_text(queries, first_row, num_queries, columns_.in_table(views_[member]));
  const bool is_chat = endpoint_.endpoint_api == EndpointApi::kChat;
  Json request;
  if (is_chat) {
    request["messages"] = chat_messages(user_text);
  } else {
    request["prompt"] = plain_text(user_text);
  }
  request["max_tokens"] = endpoint_.max_tokens;
  request["temperature"] = endpoint_.temperature;
  if (endpoint_.top_logprobs > 0) {
    request["logprobs"] = is_chat ? Json(true) : Json(endpoint_.top_logprobs);
    if (is_chat) request["top_logprobs"] = endpoint_.top_logprobs;
  }
  return request;
}

std::vector<std::string> EndpointPrompts::labels(size_t member) const {
  std::vector<std::string> labels;
  for (size_t k = 0; k < class_counts_.size(); ++k) labels.push_back(prompt_.label(k, views_[member]));
  return labels;
}

Json EndpointPrompts::chat_messages(const std::string& user_text) const {
  const auto message = [](std::string_view role, std::string content) {
    return Json{{"role", role}, {"content", std::move(content)}};
  };
  if (!chat_ || *chat_ == ChatWrapping::kChatMl) {
    return Json::array({message("system", std::string(kSystemText)), message("user", user_text)});
  }
  return Json::array({message("user", std::string(kSystemText) + "\n" + user_text)});
}

std::string EndpointPrompts::plain_text(const std::string& user_text) const {
  const Wrapping wrapping = wrapping_text(chat_.value_or(ChatWrapping::kRaw));
  return wrapping.before + wrapping.lead + user_text + wrapping.after;
}

}  // namespace manyshot
