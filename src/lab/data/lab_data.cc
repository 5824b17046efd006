#include "lab/data/lab_data.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <limits>

#include "core/error.h"
#include "core/files.h"
#include "core/sha256.h"
#include "core/text.h"
#include "lab/data/check_data.h"
#include "lab/world/json_fields.h"
#include "lab/world/world_json.h"

namespace manyshot::lab {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormat = "manyshot lab data";
constexpr uint64_t kVersion = 1;
constexpr const char* kLabFile = "lab.json";
constexpr const char* kWorldFile = "world.json";
constexpr const char* kDocumentsFile = "documents.jsonl";
constexpr const char* kQuestionsFile = "questions.jsonl";

std::string hash_of(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.hex();
}

Json document_json(const LabDocument& document) {
  Json json{{"id", document.id}, {"text", document.text}};
  if (document.prompt_bytes > 0) json["prompt_bytes"] = document.prompt_bytes;
  json.update({{"style", document.style}, {"facts", document.facts}, {"group", document.group}});
  return json;
}

Json question_json(const LabQuestion& question) {
  return {{"id", question.id},
          {"split", question.split},
          {"kind", question.kind},
          {"prompt", question.prompt},
          {"alternatives", question.alternatives},
          {"gold", question.gold},
          {"facts", question.facts},
          {"entities", question.entities},
          {"hops", question.hops}};
}

LabDocument read_document(const JsonFields& fields) {
  return {.id = fields.text("id"),
          .text = fields.text("text"),
          .prompt_bytes = fields.has("prompt_bytes") ? fields.count("prompt_bytes") : 0,
          .style = fields.text("style"),
          .facts = fields.texts("facts"),
          .group = fields.text("group")};
}

LabQuestion read_question(const JsonFields& fields) {
  return {.id = fields.text("id"),
          .split = fields.text("split"),
          .kind = fields.text("kind"),
          .prompt = fields.text("prompt"),
          .alternatives = fields.texts("alternatives"),
          .gold = fields.counts("gold"),
          .facts = fields.texts("facts"),
          .entities = fields.texts("entities"),
          .hops = static_cast<int>(std::min<uint64_t>(fields.count("hops"), std::numeric_limits<int>::max()))};
}

template <class List, class ToJson>
std::string json_lines(const List& list, const ToJson& line_json) {
  std::string lines;
  for (const auto& entry : list) lines += line_json(entry).dump() + "\n";
  return lines;
}

void check_written(const Json& hashes, const char* name, const std::string& bytes, const std::string& folder) {
  const std::string hash = hash_of(bytes);
  if (hashes.value(name, Json()) == hash) return;
  fail(ErrorKind::kCorruptFile,
       "{}/{}: its SHA-256 is {}, {} has another; the file was changed or belongs to other data: make the data again",
       folder, name, hash, kLabFile);
}

void check_all(const LabData& data) {
  DataCheck check(data.world, ErrorKind::kBadInput);
  for (const LabDocument& document : data.documents) check.take(document, "document " + document.id);
  for (const LabQuestion& question : data.questions) check.take(question, "question " + question.id);
}

Json header(const LabData& data, const std::array<std::pair<const char*, std::string>, 3>& files) {
  Json hashes = Json::object();
  for (const auto& [name, bytes] : files) hashes[name] = hash_of(bytes);
  return {{"format", kFormat},
          {"version", kVersion},
          {"kind", data.kind},
          {"seed", data.seed},
          {"options", data.options},
          {"counts",
           {{"facts", data.world.facts().size()},
            {"documents", data.documents.size()},
            {"questions", data.questions.size()}}},
          {"sha256", hashes}};
}

}  // namespace

double chance(const LabData& data, const std::string& split) {
  double sum = 0;
  size_t count = 0;
  for (const LabQuestion& question : data.questions) {
    if (!split.empty() && question.split != split) continue;
    sum += static_cast<double>(question.gold.size()) / static_cast<double>(question.alternatives.size());
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

std::vector<std::string> splits_of(const LabData& data) {
  std::vector<std::string> splits;
  for (const LabQuestion& question : data.questions) {
    if (std::ranges::find(splits, question.split) == splits.end()) splits.push_back(question.split);
  }
  return splits;
}

DataTokens count_tokens(const LabData& data, const std::function<uint64_t(const std::string&)>& tokens_of) {
  DataTokens tokens;
  for (const LabDocument& document : data.documents) tokens.documents += static_cast<double>(tokens_of(document.text));
  for (const LabQuestion& question : data.questions) {
    tokens.question += static_cast<double>(tokens_of(question.prompt));
    for (const std::string& alternative : question.alternatives)
      tokens.question += static_cast<double>(tokens_of(alternative));
  }
  if (!data.questions.empty()) tokens.question /= static_cast<double>(data.questions.size());
  return tokens;
}

void write_lab_data(const LabData& data, const std::string& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error)) {
    fail(ErrorKind::kBadInput, "{}: this is not an empty folder; give a new one, or empty it", folder);
  }
  check_all(data);
  const std::array<std::pair<const char*, std::string>, 3> files{
      {{kWorldFile, to_json(data.world).dump(1) + "\n"},
       {kDocumentsFile, json_lines(data.documents, document_json)},
       {kQuestionsFile, json_lines(data.questions, question_json)}}};
  make_folder(folder);
  for (const auto& [name, bytes] : files) write_file(fmt::format("{}/{}", folder, name), bytes);
  write_file(fmt::format("{}/{}", folder, kLabFile),
             header(data, files).dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n");
}

LabData read_lab_data(const std::string& folder) {
  const auto path_of = [&](const char* name) { return fmt::format("{}/{}", folder, name); };
  std::error_code error;
  if (fs::is_directory(folder, error) && !fs::exists(path_of(kLabFile), error)) {
    fail(ErrorKind::kNotFound, "{}: no {} in it, so this is no (finished) data of manyshot lab make", folder, kLabFile);
  }
  const Json lab_json = parse_json(read_file(path_of(kLabFile)), path_of(kLabFile), ErrorKind::kCorruptFile);
  const JsonFields lab(lab_json, path_of(kLabFile));
  if (lab.text("format") != kFormat) {
    fail(ErrorKind::kCorruptFile, "{}: expected format \"{}\", found \"{}\"", lab.place(), kFormat,
         excerpt(lab.text("format")));
  }
  if (lab.count("version") != kVersion) {
    fail(ErrorKind::kUnsupported, "{}: version {}; this program reads {}", lab.place(), lab.count("version"), kVersion);
  }
  const Json& hashes = lab.object("sha256");
  const std::string world = read_file(path_of(kWorldFile)), documents = read_file(path_of(kDocumentsFile)),
                    questions = read_file(path_of(kQuestionsFile));
  LabData data{
      .kind = lab.text("kind"),
      .seed = lab.count("seed"),
      .options = lab.object("options"),
      .world = world_from_json(parse_json(world, path_of(kWorldFile), ErrorKind::kCorruptFile), path_of(kWorldFile))};
  DataCheck check(data.world, ErrorKind::kCorruptFile);
  visit_json_lines(documents, path_of(kDocumentsFile), ErrorKind::kCorruptFile, [&](const JsonFields& line) {
    data.documents.push_back(read_document(line));
    check.take(data.documents.back(), line.place());
  });
  visit_json_lines(questions, path_of(kQuestionsFile), ErrorKind::kCorruptFile, [&](const JsonFields& line) {
    data.questions.push_back(read_question(line));
    check.take(data.questions.back(), line.place());
  });
  check_written(hashes, kWorldFile, world, folder);
  check_written(hashes, kDocumentsFile, documents, folder);
  check_written(hashes, kQuestionsFile, questions, folder);
  return data;
}

std::string lab_data_hash(const std::string& folder) {
  return hash_of(read_file(fmt::format("{}/{}", folder, kLabFile)));
}

}  // namespace manyshot::lab
