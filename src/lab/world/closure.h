// Forward chaining: all that follows from statements by the rules of a world, each with its shortest derivation.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

namespace manyshot::lab {

// A statement in numbers.
struct Literal {
  uint32_t relation = 0, subject = 0, object = 0;
  bool negated = false;
  friend auto operator<=>(const Literal&, const Literal&) = default;
};

// The rules by relation (world_parts.h says what each means).
struct InferenceRules {
  struct Composition {
    uint32_t other, then;
  };
  struct OfRelation {
    std::optional<uint32_t> inverse;
    bool is_functional = false, is_asymmetric = false;
    std::vector<uint32_t> implied;
    std::vector<uint32_t> excluded;
    std::vector<Composition> as_first, as_second;
  };
  std::vector<OfRelation> relations;

  static constexpr size_t kMostRelations = size_t{1} << 20, kMostEntities = size_t{1} << 21;
};

class Closure {
 public:
  static constexpr uint32_t kNoLimit = std::numeric_limits<uint32_t>::max();

  // With `base`, a finished closure that lives longer, what is added here is chained with all that holds there.
  explicit Closure(const InferenceRules& rules, const Closure* base = nullptr) : rules_(rules), base_(base) {}
  Closure(const Closure&) = delete;

  void add(const Literal& statement, uint32_t fact);
  // Derives what follows of all that was added, up to derivations that join `max_hops` facts. Ends early when a clash
  // is found.
  void close(uint32_t max_hops = kNoLimit);

  bool holds(const Literal& statement) const;
  // What holds by this closure, without its base, shortest derivations first.
  const std::vector<Literal>& derived() const { return order_; }
  // Two statements that contradict each other.
  const std::optional<std::pair<Literal, Literal>>& clash() const { return clash_; }
  // The facts of the shortest derivation, sorted; empty when it does not hold.
  std::vector<uint32_t> support(const Literal& statement) const;

 private:
  static constexpr uint32_t kNoFact = std::numeric_limits<uint32_t>::max();
  struct Derivation {
    uint32_t hops = 1;
    uint32_t fact = kNoFact;
    std::optional<Literal> first, second;  // what it was derived from
  };
  struct Pending {
    Literal statement;
    Derivation derivation;
    uint64_t number;  // earlier ones first
    bool operator>(const Pending& other) const {
      return derivation.hops != other.derivation.hops ? derivation.hops > other.derivation.hops : number > other.number;
    }
  };
  using Neighbours = std::unordered_map<uint64_t, std::vector<uint32_t>>;

  void push(const Literal& statement, Derivation derivation);
  void settle(const Literal& statement, const Derivation& derivation);
  void find_clash(const Literal& statement);
  void expand(const Literal& statement, uint32_t hops);
  uint32_t hops_of(const Literal& statement) const;
  template <class Visit>
  void visit_objects(uint32_t relation, uint32_t subject, const Visit& visit) const;
  template <class Visit>
  void visit_subjects(uint32_t relation, uint32_t object, const Visit& visit) const;

  const InferenceRules& rules_;
  const Closure* base_;
  std::unordered_map<uint64_t, Derivation> known_;
  Neighbours objects_, subjects_;  // by relation and the other end, of what is not negated
  std::vector<Literal> order_;
  std::priority_queue<Pending, std::vector<Pending>, std::greater<>> pending_;
  uint64_t num_pushed_ = 0;
  std::optional<std::pair<Literal, Literal>> clash_;
};

}  // namespace manyshot::lab
