#include "lab/world/closure.h"

#include <algorithm>

namespace manyshot::lab {
namespace {

uint64_t key_of(const Literal& statement) {
  return uint64_t{statement.relation} << 43 | uint64_t{statement.subject} << 22 | uint64_t{statement.object} << 1 |
         uint64_t{statement.negated};
}

uint64_t end_key(uint32_t relation, uint32_t entity) { return uint64_t{relation} << 32 | entity; }

}  // namespace

void Closure::add(const Literal& statement, uint32_t fact) { push(statement, {.hops = 1, .fact = fact}); }

void Closure::close(uint32_t max_hops) {
  while (!pending_.empty() && !clash_) {
    const Pending next = pending_.top();
    if (next.derivation.hops > max_hops) return;
    pending_.pop();
    if (holds(next.statement)) continue;
    settle(next.statement, next.derivation);
    find_clash(next.statement);
    expand(next.statement, next.derivation.hops);
  }
}

bool Closure::holds(const Literal& statement) const {
  return known_.contains(key_of(statement)) || (base_ != nullptr && base_->holds(statement));
}

std::vector<uint32_t> Closure::support(const Literal& statement) const {
  std::vector<uint32_t> facts;
  std::vector<Literal> open{statement};
  while (!open.empty()) {
    const auto found = known_.find(key_of(open.back()));
    open.pop_back();
    if (found == known_.end()) continue;
    const Derivation& derivation = found->second;
    if (derivation.fact != kNoFact) facts.push_back(derivation.fact);
    if (derivation.first) open.push_back(*derivation.first);
    if (derivation.second) open.push_back(*derivation.second);
  }
  std::ranges::sort(facts);
  facts.erase(std::unique(facts.begin(), facts.end()), facts.end());
  return facts;
}

void Closure::push(const Literal& statement, Derivation derivation) {
  if (statement.subject == statement.object || holds(statement)) return;
  pending_.push({statement, derivation, num_pushed_++});
}

void Closure::settle(const Literal& statement, const Derivation& derivation) {
  known_.emplace(key_of(statement), derivation);
  order_.push_back(statement);
  if (statement.negated) return;
  objects_[end_key(statement.relation, statement.subject)].push_back(statement.object);
  subjects_[end_key(statement.relation, statement.object)].push_back(statement.subject);
}

void Closure::find_clash(const Literal& statement) {
  const auto clashes_with = [&](const Literal& other) {
    if (!clash_ && holds(other)) clash_ = {statement, other};
  };
  const auto [relation, subject, object, negated] = statement;
  clashes_with({relation, subject, object, !negated});
  if (negated) return;
  const InferenceRules::OfRelation& rules = rules_.relations[relation];
  if (rules.is_asymmetric) clashes_with({relation, object, subject});
  for (const uint32_t excluded : rules.excluded) clashes_with({excluded, subject, object});
  if (rules.is_functional) {
    visit_objects(relation, subject, [&, object = object](uint32_t other) {
      if (other != object) clashes_with({statement.relation, statement.subject, other});
    });
  }
}

// Closed under swapping ends also where negated; what is implied or composed needs what holds.
void Closure::expand(const Literal& statement, uint32_t hops) {
  const auto [relation, subject, object, negated] = statement;
  const InferenceRules::OfRelation& rules = rules_.relations[relation];
  if (rules.inverse) push({*rules.inverse, object, subject, negated}, {.hops = hops, .first = statement});
  if (negated) return;
  for (const uint32_t implied : rules.implied) push({implied, subject, object}, {.hops = hops, .first = statement});
  for (const auto& [other, then] : rules.as_first) {
    visit_objects(other, object, [&, other = other, then = then](uint32_t end) {
      const Literal second{other, statement.object, end};
      push({then, statement.subject, end}, {.hops = hops + hops_of(second), .first = statement, .second = second});
    });
  }
  for (const auto& [other, then] : rules.as_second) {
    visit_subjects(other, subject, [&, other = other, then = then](uint32_t start) {
      const Literal first{other, start, statement.subject};
      push({then, start, statement.object}, {.hops = hops_of(first) + hops, .first = first, .second = statement});
    });
  }
}

uint32_t Closure::hops_of(const Literal& statement) const {
  const auto found = known_.find(key_of(statement));
  if (found != known_.end()) return found->second.hops;
  return base_ != nullptr ? base_->hops_of(statement) : 0;
}

template <class Visit>
void Closure::visit_objects(uint32_t relation, uint32_t subject, const Visit& visit) const {
  const auto found = objects_.find(end_key(relation, subject));
  if (found != objects_.end()) std::ranges::for_each(found->second, visit);
  if (base_ != nullptr) base_->visit_objects(relation, subject, visit);
}

template <class Visit>
void Closure::visit_subjects(uint32_t relation, uint32_t object, const Visit& visit) const {
  const auto found = subjects_.find(end_key(relation, object));
  if (found != subjects_.end()) std::ranges::for_each(found->second, visit);
  if (base_ != nullptr) base_->visit_subjects(relation, object, visit);
}

}  // namespace manyshot::lab
