#include "lab/run/text_writer.h"

#include <utility>
#include <vector>

#include "core/error.h"
#include "encoding/tokenizer/tokenizer.h"
#include "evaluate/endpoint/completion.h"
#include "evaluate/endpoint/concurrent_requests.h"
#include "evaluate/endpoint/endpoint_client.h"
#include "generate/generator.h"
#include "generate/prompt_tokens.h"
#include "predict/model_store.h"

namespace manyshot::lab {
namespace {

// Answers of an endpoint come in parts of so many, so that what is there is kept.
constexpr size_t kEndpointBatch = 16;

TextWriter endpoint_writer(const std::string& name, const WriterOptions& options, EndpointOptions endpoint,
                           uint64_t seed) {
  endpoint.max_tokens = options.augment_tokens;
  endpoint.temperature = options.augment_temperature;
  const auto client = std::make_shared<EndpointClient>(name, endpoint, seed);
  TextWriter writer{.name = name, .identity = name + " at " + endpoint.base_url};
  writer.count_tokens = [](const std::string& text) { return text.size() / 3 + 1; };
  writer.write = [client, options](std::span<const WriteRequest> requests,
                                   const std::function<void(size_t, const Written&)>& done) {
    for (size_t first = 0; first < requests.size(); first += kEndpointBatch) {
      const size_t count = std::min(kEndpointBatch, requests.size() - first);
      std::vector<Written> answers(count);
      std::vector<AnswerReport> reports(count);
      run_concurrently(count, static_cast<size_t>(client->options().concurrency), [&](size_t i, std::stop_token stop) {
        const WriteRequest& request = requests[first + i];
        const Json body = {{"messages", Json::array({{{"role", "user"}, {"content", request.prompt}}})},
                           {"max_tokens", options.augment_tokens},
                           {"temperature", options.augment_temperature},
                           {"seed", request.seed % (uint64_t{1} << 31)}};
        const Completion completion =
            read_completion(client->post("/chat/completions", body, reports[i], std::move(stop)));
        answers[i] = {.text = completion.text,
                      .tokens_read = completion.prompt_tokens,
                      .tokens_written = completion.answer_tokens};
      });
      for (size_t i = 0; i < count; ++i) done(first + i, answers[i]);
    }
  };
  return writer;
}

TextWriter local_writer(const std::string& name, const WriterOptions& options, const Device& device) {
  const std::string path = resolve_model(name);
  const std::shared_ptr<const Model> model = load_model(path, {.device = device});
  if (model->tokenizer() == nullptr) {
    fail(ErrorKind::kUnsupported, "{} reads table rows only and cannot write; give a Llama or Qwen2 language model",
         name);
  }
  const ChatWrapping wrapping = choose_wrapping(std::nullopt, *model->tokenizer());
  if (wrapping == ChatWrapping::kRaw) {
    fail(ErrorKind::kUnsupported,
         "{} has no tokens for conversations, so it cannot be asked to write; give an instruction-tuned model, or "
         "--augmenter rules",
         name);
  }
  TextWriter writer{.name = name, .identity = path};
  writer.parameters = static_cast<double>(model->info().num_parameters);
  writer.most_tokens = static_cast<uint64_t>(model->info().context_window);
  writer.count_tokens = [model](const std::string& text) {
    return model->tokenizer()->encode(text, /*parse_special=*/false).size();
  };
  writer.write = [model, wrapping, options](std::span<const WriteRequest> requests,
                                            const std::function<void(size_t, const Written&)>& done) {
    std::vector<GenerateRequest> asked;
    for (size_t i = 0; i < requests.size(); ++i) {
      GenerateRequest request;
      request.prompt = chat_tokens({{.role = "user", .content = requests[i].prompt}}, wrapping, *model->tokenizer());
      request.options.max_tokens = options.augment_tokens;
      request.options.temperature = options.augment_temperature;
      request.options.top_p = 0.95;
      request.options.seed = requests[i].seed;
      request.on_done = [&done, i](const Generation& generation) {
        done(i, {.text = generation.text,
                 .tokens_read = generation.prompt_tokens,
                 .tokens_written = generation.tokens.size()});
      };
      asked.push_back(std::move(request));
    }
    Generator generator(*model);
    for (GenerateRequest& request : asked) generator.add(std::move(request));
    while (generator.step()) {
    }
  };
  return writer;
}

}  // namespace

TextWriter open_text_writer(const std::string& name, const WriterOptions& options, const EndpointOptions& endpoint,
                            const Device& device, uint64_t seed) {
  return is_endpoint_model(name) ? endpoint_writer(name, options, endpoint, seed) : local_writer(name, options, device);
}

}  // namespace manyshot::lab
