// What documents and questions must keep, wherever they come from.
#pragma once

#include <string>
#include <unordered_set>

#include "core/error.h"
#include "lab/data/lab_data.h"

namespace manyshot::lab {

// Takes the documents and questions of one data set, one after another. Throws Error(kind) naming `place` and what is
// wrong: an id that comes twice, a fact that the world does not have, equal alternatives, one that the prompt shows,
// gold that is none, all or not there.
class DataCheck {
 public:
  DataCheck(const World& world, ErrorKind kind);
  void take(const LabDocument& document, const std::string& place);
  void take(const LabQuestion& question, const std::string& place);

 private:
  void take_id(std::unordered_set<std::string>& ids, const std::string& id, const std::string& place);
  void check_facts(const std::vector<std::string>& facts, const std::string& place);

  ErrorKind kind_;
  std::unordered_set<std::string> facts_, document_ids_, question_ids_;
};

}  // namespace manyshot::lab
