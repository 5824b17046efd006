#include "predict/fit_store.h"

#include <utility>

namespace manyshot {

void FitParts::add(std::string name, std::string bytes) {
  own.push_back(std::make_unique<const std::string>(std::move(bytes)));
  by_name[std::move(name)] = *own.back();
}

const std::string_view* FitStore::find(const std::string& name) const {
  if (parts_ == nullptr || is_filling_) return nullptr;
  const auto found = parts_->by_name.find(prefix_ + name);
  return found == parts_->by_name.end() ? nullptr : &found->second;
}

void FitStore::keep(const std::string& name, std::string bytes) const {
  if (!bytes.empty()) parts_->add(prefix_ + name, std::move(bytes));
}

std::string FitStore::place_of(const std::string& name) const {
  return fmt::format("{}: part \"{}{}\"", parts_->path, prefix_, name);
}

}  // namespace manyshot
