#include "corpus/write_corpus.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/manifest.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "corpus/task_dump.h"
#include "corpus/token_shard.h"
#include "table/table_writer.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr const char* kFormat = "manyshot corpus 1";
constexpr int kZstdLevel = 6;
constexpr const char* kJoinedDump = "tasks.h5";

std::string compressed(const std::string& bytes, const std::string& path) {
  std::string result(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(result.data(), result.size(), bytes.data(), bytes.size(), kZstdLevel);
  if (ZSTD_isError(size)) fail(ErrorKind::kInternal, "{}: zstd: {}", path, ZSTD_getErrorName(size));
  result.resize(size);
  return result;
}

std::string alpaca_lines(const std::vector<Sample>& samples) {
  std::string text;
  for (const Sample& sample : samples) {
    text +=
        Json{{"instruction", kSystemText}, {"input", sample.user_text}, {"output", sample.answer_text}}.dump() + "\n";
  }
  return text;
}

std::string token_bytes(const std::vector<Sample>& samples) {
  std::vector<TokenSample> shard;
  for (const Sample& sample : samples) {
    shard.push_back({.index = sample.index,
                     .num_features = sample.user_text.empty() ? sample.num_features : 0,
                     .num_labelled = sample.num_labelled,
                     .num_queries = sample.num_queries,
                     .answer_begin = sample.answer_begin,
                     .tokens = sample.tokens});
  }
  return write_token_shard(shard);
}

// One row for each row of each sample; columns that a sample lacks are missing.
void write_rows(const std::vector<Sample>& samples, const std::string& path) {
  uint32_t num_features = 0;
  size_t num_rows = 0;
  for (const Sample& sample : samples) {
    num_features = std::max(num_features, sample.num_features);
    num_rows += sample.labels.size();
  }
  std::vector<std::string> names{"sample", "role", "label"};
  for (uint32_t feature = 0; feature < num_features; ++feature) names.push_back("x" + std::to_string(feature));
  std::vector<int64_t> indices, labels;
  std::vector<std::string> roles;
  std::vector<std::vector<double>> columns(num_features, std::vector<double>(num_rows, kMissingNumber));
  for (const Sample& sample : samples) {
    const size_t width = sample.cells.size() / std::max<size_t>(sample.labels.size(), 1);
    for (size_t row = 0; row < sample.labels.size(); ++row) {
      for (size_t feature = 0; feature < width; ++feature)
        columns[feature][indices.size()] = sample.cells[row * width + feature];
      indices.push_back(static_cast<int64_t>(sample.index));
      roles.push_back(row < sample.num_labelled ? "labelled" : "query");
      labels.push_back(sample.labels[row]);
    }
  }
  std::vector<OutputColumn> output{std::move(indices), std::move(roles), std::move(labels)};
  for (auto& column : columns) output.emplace_back(std::move(column));
  const std::unique_ptr<TableWriter> writer = open_table_writer(path, names);
  writer->append(output);
  writer->commit();
}

std::string power_range(uint64_t value) {
  const uint64_t low = std::bit_floor(std::max<uint64_t>(value, 1));
  return fmt::format("{}-{}", low, 2 * low - 1);
}

std::string tenth(double share) { return fmt::format("{:.1f}", std::floor(share * 10 + 1e-9) / 10); }

void count(const Sample& sample, CorpusReport& report) {
  ++report.drawn;
  if (sample.status != SampleStatus::kKept) {
    std::string reason(name_of(sample.status));
    if (sample.status == SampleStatus::kGuard) reason += fmt::format(".{}", name_of(sample.verdict.reason));
    ++report.rejections[reason];
    return;
  }
  ++report.kept;
  report.tokens += sample.tokens.size();
  ++report.classes[std::to_string(sample.num_classes)];
  ++report.shots[power_range(sample.num_labelled)];
  if (!sample.tokens.empty()) ++report.lengths[power_range(sample.tokens.size())];
  ++report.imbalance[tenth(static_cast<double>(sample.most_frequent) / sample.num_labelled)];
  if (sample.verdict.num_queries > 0) ++report.accuracy[tenth(sample.verdict.accuracy())];
}

constexpr std::pair<const char*, uint64_t CorpusReport::*> kSums[] = {{"drawn", &CorpusReport::drawn},
                                                                      {"kept", &CorpusReport::kept},
                                                                      {"tokens", &CorpusReport::tokens},
                                                                      {"bytes", &CorpusReport::bytes}};
constexpr std::pair<const char*, CorpusCounts CorpusReport::*> kCounts[] = {
    {"rejections", &CorpusReport::rejections}, {"classes", &CorpusReport::classes},
    {"shots", &CorpusReport::shots},           {"lengths", &CorpusReport::lengths},
    {"imbalance", &CorpusReport::imbalance},   {"accuracy", &CorpusReport::accuracy}};

void add(const Json& part, const std::string& place, CorpusReport& report) {
  try {
    for (const auto& [name, member] : kSums) report.*member += part.at(name).get<uint64_t>();
    for (const auto& [name, member] : kCounts) {
      for (const auto& [key, number] : part.at(name).items()) (report.*member)[key] += number.get<uint64_t>();
    }
  } catch (const Json::exception& error) {
    fail(ErrorKind::kCorruptFile, "{}: these are no facts of a part ({}); remove the file to start again", place,
         error.what());
  }
}

class CorpusWriter {
 public:
  CorpusWriter(const Sampler& sampler, const CorpusFiles& files)
      : sampler_(sampler), files_(files), scratches_(static_cast<size_t>(num_threads())) {
    if (files.layout != CorpusLayout::kHdf5) return;
    dump_sizes_ = dump_sizes(sampler.options(), sampler.settings());
    task_dump_format();
  }

  CorpusReport run() {
    std::error_code error;
    fs::create_directories(data_folder(), error);
    if (error) fail(ErrorKind::kBadInput, "--out {}: cannot make this folder: {}", files_.out, error.message());
    uint64_t next = files_.shard.index;  // number of the next part
    const std::string name = shard_file(files_.shard, "manifest", ".jsonl");
    Manifest manifest(in_folder(name), kFormat, files_.version, files_.options, [&](const Json& line, uint64_t number) {
      check_part(line, next, fmt::format("{}:{}", in_folder(name), number));
      add(line, fmt::format("{}:{}", in_folder(name), number), report_);
      ++report_.parts_before;
      next += files_.shard.count;
    });
    if (files_.layout == CorpusLayout::kAlpaca && !files_.compress) write_dataset_info();
    const uint64_t num_parts = (files_.tasks + files_.part_tasks - 1) / files_.part_tasks;
    report_.parts = report_.parts_before;
    const uint64_t parts_left = num_parts > next ? (num_parts - next - 1) / files_.shard.count + 1 : 0;
    Progress progress("corpus", parts_left * files_.part_tasks, "tasks");
    for (uint64_t part = next; part < num_parts; part += files_.shard.count) {
      write_part(part, manifest, progress);
      ++report_.parts;
    }
    if (files_.layout == CorpusLayout::kHdf5) write_joined_dump();
    for (const SamplerScratch& scratch : scratches_) report_.spent += scratch.spent;
    return report_;
  }

 private:
  std::string in_folder(const std::string& name) const { return (fs::path(files_.out) / name).string(); }
  // LLaMA-Factory reads all files of a folder, so the parts have one of their own.
  std::string data_folder() const { return in_folder(std::string(name_of(files_.layout))); }
  std::string part_name(uint64_t part) const {
    return fmt::format("{}/part-{:06}.{}", name_of(files_.layout), part, extension());
  }

  std::string_view extension() const {
    switch (files_.layout) {
      case CorpusLayout::kAlpaca:
        return files_.compress ? "jsonl.zst" : "jsonl";
      case CorpusLayout::kHdf5:
        return "h5";
      default:
        return name_of(files_.layout);
    }
  }

  // What the manifest lists must be there as it was written.
  void check_part(const Json& line, uint64_t expected, const std::string& place) const {
    if (line.value("part", Json()) != expected || line.value("file", Json()) != part_name(expected)) {
      fail(ErrorKind::kCorruptFile, "{}: expected part {}; remove the file to start again", place, expected);
    }
    std::error_code error;
    const auto bytes = fs::file_size(in_folder(part_name(expected)), error);
    if (error || line.value("bytes", Json()) != bytes) {
      fail(ErrorKind::kCorruptFile,
           "{}: {} has {}, the manifest says {} bytes; put the file back, or remove the manifest to start again", place,
           in_folder(part_name(expected)), error ? "gone" : fmt::format("{} bytes", bytes),
           line.value("bytes", Json()).dump());
    }
  }

  void write_part(uint64_t part, Manifest& manifest, Progress& progress) {
    const uint64_t first = part * files_.part_tasks, last = std::min(first + files_.part_tasks, files_.tasks);
    std::vector<Sample> samples(last - first);
    parallel_for(samples.size(), [&](size_t i, int worker) {
      check_interrupted();
      samples[i] = sampler_.draw(first + i, scratches_[static_cast<size_t>(worker)]);
      progress.add();
    });
    CorpusReport facts;
    for (const Sample& sample : samples) count(sample, facts);
    std::erase_if(samples, [](const Sample& sample) { return sample.status != SampleStatus::kKept; });

    const std::string name = part_name(part), path = in_folder(name);
    write_samples(samples, path);
    facts.bytes = fs::file_size(path);
    Json line{{"part", part}, {"file", name}, {"first", first}};
    for (const auto& [key, member] : kSums) line[key] = facts.*member;
    for (const auto& [key, member] : kCounts) line[key] = facts.*member;
    line["crc32"] = fmt::format("{:08x}", crc32_of(read_file(path)));
    manifest.append(line.dump() + "\n");
    add(line, path, report_);
    report_.drawn_now += facts.drawn;
    report_.kept_now += facts.kept;
  }

  void write_samples(const std::vector<Sample>& samples, const std::string& path) const {
    switch (files_.layout) {
      case CorpusLayout::kAlpaca: {
        const std::string lines = alpaca_lines(samples);
        return write_file(path, files_.compress ? compressed(lines, path) : lines);
      }
      case CorpusLayout::kTokens:
        return write_file(path, token_bytes(samples));
      case CorpusLayout::kParquet:
        return write_rows(samples, path);
      case CorpusLayout::kHdf5:
        return write_file(path, task_dump_format().part(samples, dump_sizes_));
    }
  }

  // All parts that are listed so far, those of other shards in this folder too; the last shard to end lists them all.
  void write_joined_dump() const {
    std::map<uint64_t, DumpPart> parts;
    for (const auto& entry : fs::directory_iterator(files_.out)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with("manifest") || entry.path().extension() != ".jsonl") continue;
      std::ifstream lines(entry.path());
      for (std::string line; std::getline(lines, line);) {
        const Json facts = Json::parse(line, nullptr, /*allow_exceptions=*/false);  // a shard may be at the last line
        if (!facts.is_object() || !facts.contains("part")) continue;
        parts[facts.value("part", uint64_t{0})] = {facts.value("file", ""), facts.value("kept", uint64_t{0})};
      }
    }
    std::vector<DumpPart> in_order;
    for (auto& [number, part] : parts) in_order.push_back(std::move(part));
    write_file(in_folder(kJoinedDump), task_dump_format().joined(in_order, dump_sizes_));
  }

  // Before the first part, so that the folder of a run that was stopped can be given to LLaMA-Factory too.
  void write_dataset_info() const {
    const Json columns{{"prompt", "instruction"}, {"query", "input"}, {"response", "output"}};
    const Json info{
        {"manyshot", {{"file_name", name_of(files_.layout)}, {"formatting", "alpaca"}, {"columns", columns}}}};
    write_file(in_folder("dataset_info.json"), info.dump(2) + "\n");
  }

  const Sampler& sampler_;
  const CorpusFiles& files_;
  std::vector<SamplerScratch> scratches_;
  DumpSizes dump_sizes_;  // of layout hdf5
  CorpusReport report_;
};

}  // namespace

bool ByLeadingNumber::operator()(const std::string& a, const std::string& b) const {
  const auto number = [](const std::string& name) {
    double value = 0;
    std::from_chars(name.data(), name.data() + name.size(), value);
    return value;
  };
  return std::pair(number(a), std::string_view(a)) < std::pair(number(b), std::string_view(b));
}

Json to_json(const CorpusReport& report) {
  Json json{{"parts", report.parts}, {"parts_before", report.parts_before}};
  for (const auto& [name, member] : kSums) json[name] = report.*member;
  for (const auto& [name, member] : kCounts) json[name] = report.*member;
  json["drawn_now"] = report.drawn_now;
  json["kept_now"] = report.kept_now;
  json["thread_seconds"] = {{"task", report.spent.task}, {"guard", report.spent.guard}, {"all", report.spent.all}};
  return json;
}

CorpusReport write_corpus(const Sampler& sampler, const CorpusFiles& files) {
  return CorpusWriter(sampler, files).run();
}

}  // namespace manyshot
