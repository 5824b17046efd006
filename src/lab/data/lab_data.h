// What the laboratory asks its questions with: a closed world, texts that state its facts, and questions that the facts
// answer. On disk a folder (docs/formats/lab-data.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/json.h"
#include "lab/world/world.h"

namespace manyshot::lab {

struct LabDocument {
  std::string id;
  std::string text;                // whole; what a model is trained on
  size_t prompt_bytes = 0;         // its first bytes that are the prompt of a prompt/completion pair; 0: none
  std::string style;               // "article", "question", "definition", …
  std::vector<std::string> facts;  // ids of the facts that it states
  std::string group;               // documents of one group are paraphrases of one another
};

struct LabQuestion {
  std::string id;
  std::string split;   // "forward", "reversal", "syllogism", "holdout", …
  std::string kind;    // finer: "all-all", "property-reversal"
  std::string prompt;  // an alternative follows it directly
  std::vector<std::string>
      alternatives;                   // two at least, pairwise different; they begin with a blank where one is needed
  std::vector<uint32_t> gold;         // the right ones: one at least, not all
  std::vector<std::string> facts;     // ids of facts that suffice to answer
  std::vector<std::string> entities;  // clusters for intervals
  int hops = 1;                       // facts to be joined
};

struct LabData {
  std::string kind;
  uint64_t seed = 0;
  Json options = Json::object();  // as made
  World world;
  std::vector<LabDocument> documents;
  std::vector<LabQuestion> questions;
};

// Share of questions that guessing gets right: the mean of gold / alternatives. `split`: its questions alone; empty:
// all. 0 without questions.
double chance(const LabData& data, const std::string& split = "");
// The splits of the questions, in the order in which they first come.
std::vector<std::string> splits_of(const LabData& data);

// Tokens of all documents, and of a question with its alternatives on average; 0 without questions.
struct DataTokens {
  double documents = 0, question = 0;
};
DataTokens count_tokens(const LabData& data, const std::function<uint64_t(const std::string&)>& tokens_of);

// Throws Error(kBadInput) for a folder that exists with something in it, for a full disk, and, before anything is
// written, for data that read_lab_data would refuse. lab.json comes last: a folder without it is unfinished.
void write_lab_data(const LabData& data, const std::string& folder);

// Throws Error(kNotFound) when there is no such folder or no lab.json in it, Error(kCorruptFile) naming file and line
// for what does not keep the format, refers to what is not there, or is not the file that was written (SHA-256),
// Error(kUnsupported) for another version.
LabData read_lab_data(const std::string& folder);

// SHA-256 of a folder's lab.json, which holds those of the other files: names the data in reports.
std::string lab_data_hash(const std::string& folder);

}  // namespace manyshot::lab
