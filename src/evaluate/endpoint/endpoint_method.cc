#include "evaluate/endpoint/endpoint_method.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "evaluate/endpoint/completion.h"
#include "evaluate/endpoint/concurrent_requests.h"
#include "evaluate/endpoint/endpoint_client.h"
#include "evaluate/endpoint/endpoint_prompts.h"
#include "evaluate/endpoint/label_scores.h"
#include "predict/written_answers.h"

namespace manyshot {
namespace {

constexpr size_t kQueriesPerPrompt = 50;  // the paper's N

WrittenAnswers read_answers(const Completion& completion, std::span<const std::string> labels, size_t num_queries) {
  WrittenAnswers written{.response = completion.text,
                         .parsed = parse_answers(completion.text, labels, num_queries),
                         .label_scores = std::vector<std::vector<float>>(num_queries)};
  for (size_t query = 0; query < num_queries && !completion.tokens.empty(); ++query) {
    const size_t place = written.parsed.label_places[query];
    if (place == ParsedAnswers::kNoPlace) continue;
    written.label_scores[query] = label_scores(completion.tokens, completion.text_begin + place, labels);
  }
  return written;
}

class EndpointPredictor : public Predictor {
 public:
  EndpointPredictor(std::shared_ptr<EndpointClient> client, const LabelledTable& shots, const MethodOptions& options,
                    uint64_t seed)
      : client_(std::move(client)), prompts_(shots, client_->options(), options, seed) {}

  std::vector<double> predict(const Table& queries) const override {
    const size_t num_chunks = (queries.num_rows + kQueriesPerPrompt - 1) / kQueriesPerPrompt;
    const auto rows_of = [&](size_t chunk) {
      return std::min(kQueriesPerPrompt, queries.num_rows - chunk * kQueriesPerPrompt);
    };
    struct Answer {
      WrittenAnswers written;
      AnswerReport report;
    };
    std::vector<Answer> answers(num_chunks * prompts_.num_members());
    const auto concurrency = static_cast<size_t>(client_->options().concurrency);
    run_concurrently(answers.size(), concurrency, [&](size_t i, std::stop_token stop) {
      const size_t chunk = i % num_chunks, member = i / num_chunks;
      const Json request = prompts_.request(queries, chunk * kQueriesPerPrompt, rows_of(chunk), member);
      AnswerReport& report = answers[i].report;
      const Completion completion = read_completion(client_->post(prompts_.path(), request, report, std::move(stop)));
      report.cut += completion.cut;
      answers[i].written = read_answers(completion, prompts_.labels(member), rows_of(chunk));
    });

    const size_t num_classes = prompts_.class_counts().size();
    std::vector<double> result(queries.num_rows * num_classes);
    AnswerReport report;
    for (size_t i = 0; i < answers.size(); ++i) {
      const size_t first = i % num_chunks * kQueriesPerPrompt * num_classes;
      add_votes(answers[i].written, prompts_.class_counts(), std::span(result).subspan(first), answers[i].report);
      report += answers[i].report;
    }
    for (double& value : result) value /= static_cast<double>(prompts_.num_members());
    const std::lock_guard lock(mutex_);
    report_ += report;
    return result;
  }

  size_t batch_rows() const override { return kQueriesPerPrompt * static_cast<size_t>(client_->options().concurrency); }
  std::vector<std::string> notes() const override { return prompts_.notes(); }

  std::vector<std::string> closing_notes() const override {
    const AnswerReport report = answer_report();
    std::vector<std::string> notes{describe_written_answers(report), describe_requests(report)};
    if (report.cut > 0) {
      notes.push_back(fmt::format("{} of {} responses were cut at {} tokens; raise --max-tokens", report.cut,
                                  report.responses, client_->options().max_tokens));
    }
    return notes;
  }

  AnswerReport answer_report() const override {
    const std::lock_guard lock(mutex_);
    return report_;
  }

 private:
  std::string describe_requests(const AnswerReport& report) const {
    const std::string cost = report.cost > 0 ? fmt::format(", cost {:.4f}", report.cost) : "";
    return fmt::format(
        "{}: {} requests, {} of them repeated, {} responses from the cache; {} prompt and {} answer tokens{}",
        client_->model(), report.requests, report.retries, report.cached, report.prompt_tokens, report.answer_tokens,
        cost);
  }

  std::shared_ptr<EndpointClient> client_;
  EndpointPrompts prompts_;
  mutable std::mutex mutex_;
  mutable AnswerReport report_;  // counted while predicting
};

class EndpointMethod : public Method {
 public:
  EndpointMethod(const std::string& name, const EndpointOptions& endpoint, const MethodOptions& options, uint64_t seed)
      : client_(std::make_shared<EndpointClient>(name, endpoint, seed)), options_(options), seed_(seed) {}

  std::unique_ptr<Predictor> fit(const LabelledTable& shots) const override {
    return std::make_unique<EndpointPredictor>(client_, shots, options_, seed_);
  }

 private:
  std::shared_ptr<EndpointClient> client_;
  MethodOptions options_;
  uint64_t seed_;
};

}  // namespace

std::unique_ptr<Method> open_endpoint_method(const std::string& name, const EndpointOptions& endpoint,
                                             const MethodOptions& options, uint64_t seed) {
  return std::make_unique<EndpointMethod>(name, endpoint, options, seed);
}

}  // namespace manyshot
