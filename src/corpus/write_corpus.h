// `manyshot corpus`: samples to files, in parts that appear when complete (docs/formats/corpus.md).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "core/json.h"
#include "core/names.h"
#include "core/shard.h"
#include "corpus/sampler.h"

namespace manyshot {

// The names are those of folders.
enum class CorpusLayout { kAlpaca, kTokens, kParquet, kHdf5 };
constexpr auto names_of(CorpusLayout) {
  return std::to_array<Named<CorpusLayout>>({{CorpusLayout::kAlpaca, "alpaca"},
                                             {CorpusLayout::kTokens, "tokens"},
                                             {CorpusLayout::kParquet, "parquet"},
                                             {CorpusLayout::kHdf5, "hdf5"}});
}

struct CorpusFiles {
  std::string out;  // folder
  CorpusLayout layout = CorpusLayout::kAlpaca;
  uint64_t tasks = 0;          // samples 0 .. tasks - 1 are drawn
  Shard shard;                 // parts whose number leaves shard.index when divided by shard.count
  uint64_t part_tasks = 1000;  // draws of one part
  bool compress = false;       // alpaca: zstd
  std::string version;         // of the program, for the manifest
  Json options;                // the resolved options, for the manifest
};

// Names by the number that they begin with ("8-15" before "16-31"), then as text.
struct ByLeadingNumber {
  bool operator()(const std::string& a, const std::string& b) const;
};
using CorpusCounts = std::map<std::string, uint64_t, ByLeadingNumber>;

// Sums over the finished parts of this shard, earlier runs included.
struct CorpusReport {
  uint64_t drawn = 0, kept = 0, tokens = 0, bytes = 0;
  uint64_t parts = 0, parts_before = 0;  // all, and those that were there
  CorpusCounts rejections;               // by status, the guard's by reason: "guard.kappa"
  CorpusCounts classes;                  // kept samples by number of classes
  CorpusCounts shots;                    // … by labelled rows: "8-15", "16-31", …
  CorpusCounts lengths;                  // … by tokens
  CorpusCounts imbalance;                // … by share of the most frequent class in tenths: "0.3"
  CorpusCounts accuracy;                 // … by the forest's accuracy in tenths
  // Of this run alone.
  uint64_t drawn_now = 0, kept_now = 0;
  DrawSeconds spent;  // by all threads
};
Json to_json(const CorpusReport& report);

// Goes on behind what the folder's manifest lists. Memory is flat in the number of samples. Throws Error(kBadInput)
// when the folder was made with other options, its manifest or a part is damaged, or the disk is full; finished parts
// stay. Layout hdf5: throws what dump_sizes() and task_dump_format() throw, before anything is written.
CorpusReport write_corpus(const Sampler& sampler, const CorpusFiles& files);

}  // namespace manyshot
