// The patterns of PEFT's configurations, which choose modules by name: regular expressions of Python's re, read by
// PCRE2.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace manyshot {

// Not to be shared between threads.
class ModulePattern {
 public:
  // How the pattern has to fit a name such as "model.layers.0.self_attn.q_proj".
  enum class Fit {
    kWhole,  // re.fullmatch
    kTail,   // the whole name, or its end behind a dot: keys of rank_pattern and alpha_pattern
    kHead,   // re.match: some beginning of the name
  };

  // `where` names file and key in messages. Throws Error(kUnsupported) when PCRE2 cannot read the pattern.
  ModulePattern(const std::string& pattern, Fit fit, std::string where);
  ~ModulePattern();
  ModulePattern(ModulePattern&&) noexcept;

  // Throws Error(kUnsupported) when matching exceeds PCRE2's limits.
  bool matches(std::string_view name) const;

 private:
  struct Compiled;
  std::string pattern_, where_;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace manyshot
