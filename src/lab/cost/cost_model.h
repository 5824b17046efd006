// What each way to use documents costs, and from how many questions on training pays: floating-point operations from
// sizes alone, seconds where they were measured, money with the user's prices.
//
// With P parameters, n layers, width d, L tokens of documents, q tokens of a question with all its alternatives, T
// tokens seen in training, A_i and A_o tokens that augmentation read and wrote:
//   training           6 P T (LoRA 4 P T), with attention among the texts' own tokens left out
//   augmentation       2 P (A_i + A_o)
//   question, tuned    2 P q
//   question, cold     2 P (L + q) + 2 n d L^2   the documents are read anew
//   question, cached   2 P q + 4 n d L q         their keys and values are kept
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/options.h"

namespace manyshot::lab {

struct CostSizes {
  double parameters = 135e6;
  int layers = 30;
  int hidden_size = 576;
  int key_value_size = 192;
  double document_tokens = 10'000;
  double question_tokens = 50;
  double training_tokens = 0;
  double passes = 20;
  bool lora = true;
  double augment_read = 0;
  double augment_written = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Sizes");
    v("parameters", self.parameters, at_least(1), "Of the model.");
    v("layers", self.layers, at_least(1), "Of the model.");
    v("hidden_size", self.hidden_size, at_least(1), "Width of the model.");
    v("key_value_size", self.key_value_size, at_least(1), "Width of its keys: heads of keys times their size.");
    v("document_tokens", self.document_tokens, at_least(1), "Tokens of all documents.");
    v("question_tokens", self.question_tokens, at_least(1), "Tokens of a question with its answers.");
    v("training_tokens", self.training_tokens, at_least(0),
      "Tokens that training sees, repeats counted; 0: passes over the documents and the augmented texts.");
    v("passes", self.passes, at_least(0), "Passes of training.");
    v("lora", self.lora, any_value(), "Training is of LoRA factors, which needs no gradients of weights.");
    v("augment_read", self.augment_read, at_least(0), "Tokens that augmentation reads (computes).");
    v("augment_written", self.augment_written, at_least(0), "Tokens that augmentation writes.");
  }
  double trained_tokens() const;
};

// Of a million tokens each, in any currency; 0: free.
struct CostPrices {
  double price_input = 0;
  double price_cached = 0;
  double price_output = 0;
  double price_training = 0;
  double price_tuned_input = 0;
  double revisions = 1;
  double questions = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Prices");
    v("price_input", self.price_input, at_least(0), "Of a million tokens read.");
    v("price_cached", self.price_cached, at_least(0), "Of a million tokens read from a kept prompt.");
    v("price_output", self.price_output, at_least(0), "Of a million tokens written.");
    v("price_training", self.price_training, at_least(0), "Of a million tokens trained.");
    v("price_tuned_input", self.price_tuned_input, at_least(0),
      "Of a million tokens that a tuned model reads; 0: as price_input.");
    v("revisions", self.revisions, at_least(0),
      "How often the documents change a month: each time training, or the kept prompt, is anew.");
    v("questions", self.questions, at_least(0), "Questions a month, for a recommendation; 0: none.");
  }
  bool any() const {
    return price_input > 0 || price_cached > 0 || price_output > 0 || price_training > 0 || price_tuned_input > 0;
  }
};

// One way to use the documents: what it takes once, each time that they change, and with every question.
struct WayCost {
  std::string name;
  double once = 0, question = 0;
};

// Of one quantity: FLOPs, seconds or money.
struct CostTable {
  std::string quantity, unit;
  std::vector<WayCost> ways;
  // Questions from which `way` is cheaper than `other`: with (once_w - once_o) / (question_o - question_w); nothing
  // when it never is; 0 when it always is.
  std::optional<double> break_even(const std::string& way, const std::string& other) const;
  // The cheapest way for so many questions.
  const WayCost& cheapest(double questions) const;
};

inline constexpr const char* kFineTuned = "fine-tuned";
inline constexpr const char* kAugmentedTuned = "fine-tuned on augmented text";
inline constexpr const char* kCold = "in context, cold";
inline constexpr const char* kCached = "in context, cached";

CostTable flop_costs(const CostSizes& sizes);
CostTable money_costs(const CostSizes& sizes, const CostPrices& prices);

// Seconds as they were measured; 0: not known, and the way is left out.
struct MeasuredSeconds {
  double training = 0, augmented_training = 0, augmentation = 0;
  double tuned_question = 0;   // of a tuned model, or of the model alone
  double context_first = 0;    // until the documents are read and the first answer is there
  double cached_question = 0;  // of each after it
};
CostTable second_costs(const MeasuredSeconds& measured);

// Bytes of keys and values that a kept prompt takes, at two bytes a number.
double cache_bytes(const CostSizes& sizes);

// Sentences: the break-even points, and, with `questions` > 0, what to take and at how many questions that changes.
std::vector<std::string> recommendation(const CostTable& costs, double questions);

Json to_json(const CostTable& costs);

}  // namespace manyshot::lab
