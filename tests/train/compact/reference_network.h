// A `compact` network in double with dense masks over all tokens of a task, straight from docs/formats/compact.md:
// every token goes through every layer, and a matrix says who sees whom.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "train/compact/compact_model.h"

namespace manyshot::train {

class ReferenceNetwork {
 public:
  // Takes over the parameters' present values, by name.
  ReferenceNetwork(const CompactNetworkOptions& options, std::span<const Parameter> parameters);
  std::vector<double>& values(const std::string& name) { return values_.at(name); }
  // Sum of the losses at supervised bars.
  double loss(const TrainSample& sample) const;

 private:
  struct Token {
    size_t row, place;
    TokenId id;
  };
  using Matrix = std::vector<std::vector<double>>;
  std::vector<Token> tokens_of(const TrainSample& sample) const;
  bool sees(const TrainSample& sample, const Token& reader, const Token& read, bool is_row_layer) const;
  void add_smooth(const std::string& name, TokenId code, std::vector<double>& x) const;
  void add_row(size_t row, std::vector<double>& x) const;
  std::vector<double> number_logits(const std::vector<double>& x) const;
  std::vector<double> embed(const TrainSample& sample, const Token& token) const;
  std::vector<double> product(const std::string& name, const std::vector<double>& x) const;
  std::vector<double> norm(const std::string& name, const std::vector<double>& x) const;
  void rotate(std::vector<double>& x, size_t position) const;
  void run_layer(const TrainSample& sample, const std::vector<Token>& tokens, size_t number, Matrix& x) const;

  CompactNetworkOptions options_;
  std::vector<float> number_features_;
  std::map<std::string, std::vector<double>> values_;
};

}  // namespace manyshot::train
