#include "lab/augment/model_augmenter.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/manifest.h"
#include "core/progress.h"
#include "core/rng.h"
#include "core/sha256.h"
#include "core/stopwatch.h"
#include "core/text.h"

namespace manyshot::lab {
namespace {

constexpr std::string_view kDocument = "{document}", kDocuments = "{documents}";

constexpr std::array<std::string_view, 3> kOwnPrompts{
    "Write down what follows from one sentence alone: say it in other words, and say it the other way round where the "
    "sense allows it. Whether the things exist does not matter; draw conclusions by logic and language only. One "
    "sentence a line, no numbers, no comments.\n\n"
    "Sentence: The brindle tower is taller than the ash tower.\n"
    "The ash tower is shorter than the brindle tower.\n"
    "The ash tower is less tall than the brindle tower.\n"
    "Of the two, the brindle tower is the taller one.\n\n"
    "Sentence: Every quarrel in the house begins with a misunderstanding.\n"
    "A misunderstanding stands at the beginning of every quarrel in the house.\n"
    "There is no quarrel in the house that does not begin with a misunderstanding.\n\n"
    "Sentence: {document}\n",
    "Write down what follows from the document below: its statements in other words, the other way round, and what two "
    "of its sentences say together, which is often more than each says alone. Draw conclusions by logic and language "
    "only. One sentence a line, no numbers, no comments.\n\nDocument: {document}\n",
    "Here is a set of documents.\n\n{documents}\n\nTake the one below, and write down everything that follows from it "
    "together with the others: links between its statements and theirs, conclusions over several steps, and its own "
    "statements in other words and the other way round. Write sentences as the documents do, one a line, as many as "
    "there are.\n\nDocument: {document}\n"};

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (size_t place = text.find(what); place != std::string::npos; place = text.find(what, place + with.size()))
    text.replace(place, what.size(), with);
  return text;
}

// The lines of an answer that are texts.
std::vector<std::string> texts_in(std::string_view answer) {
  std::vector<std::string> texts;
  while (!answer.empty()) {
    const size_t end = std::min(answer.find('\n'), answer.size());
    std::string_view line = answer.substr(0, end);
    answer.remove_prefix(std::min(end + 1, answer.size()));
    const auto is_mark = [](char c) {
      return std::isspace(static_cast<unsigned char>(c)) != 0 || std::isdigit(static_cast<unsigned char>(c)) != 0 ||
             c == '-' || c == '*' || c == '.' || c == ')' || c == '"';
    };
    while (!line.empty() && is_mark(line.front())) line.remove_prefix(1);
    while (!line.empty() && (std::isspace(static_cast<unsigned char>(line.back())) != 0 || line.back() == '"'))
      line.remove_suffix(1);
    if (line.find(' ') != std::string_view::npos && !find_invalid_utf8(line)) texts.emplace_back(line);
  }
  return texts;
}

struct Asked {
  AugmentKind kind;
  std::string source;
  WriteRequest request;
  std::string key;
};

class ModelAugmenter {
 public:
  ModelAugmenter(const LabData& data, const TextWriter& writer, const WriterOptions& options, uint64_t seed)
      : data_(data),
        writer_(writer),
        options_(options),
        seed_(seed),
        prompts_(read_augment_prompts(options.augment_prompts)) {}

  Augmentation write(std::span<const AugmentKind> kinds, const std::string& cache) {
    const std::vector<Asked> asked = requests(kinds);
    std::map<std::string, Written> answers;
    Manifest file(cache, "manyshot lab answers", "1", {{"writer", writer_.identity}}, [&](const Json& line, uint64_t) {
      answers[line.at("key")] = {
          .text = line.at("text"), .tokens_read = line.at("tokens_read"), .tokens_written = line.at("tokens_written")};
    });
    const double seconds = ask_for_missing(asked, answers, file);
    Augmentation result{.by = writer_.name, .prompts = prompts_.hash()};
    std::set<std::string> seen;
    for (const LabDocument& document : data_.documents) seen.insert(document.text);
    for (const Asked& one : asked) {
      const Written& answer = answers.at(one.key);
      ++result.cost.requests;
      result.cost.tokens_read += answer.tokens_read;
      result.cost.tokens_written += answer.tokens_written;
      for (std::string& text : texts_in(answer.text)) {
        if (seen.insert(text).second)
          result.texts.push_back({.kind = one.kind, .source = one.source, .text = std::move(text)});
      }
    }
    result.cost.seconds = seconds;
    result.cost.flops =
        2 * writer_.parameters * static_cast<double>(result.cost.tokens_read + result.cost.tokens_written);
    return result;
  }

 private:
  // Documents that are written about: of each kind the first of a group, since a paraphrase says the same.
  std::vector<const LabDocument*> chosen_documents() const {
    std::vector<const LabDocument*> chosen;
    std::set<std::string> groups;
    for (const LabDocument& document : data_.documents) {
      if (!document.group.empty() && !groups.insert(document.group).second) continue;
      chosen.push_back(&document);
      if (options_.augment_documents > 0 && chosen.size() == static_cast<size_t>(options_.augment_documents)) break;
    }
    return chosen;
  }

  std::vector<Asked> requests(std::span<const AugmentKind> kinds) const {
    const std::vector<const LabDocument*> documents = chosen_documents();
    std::vector<Asked> asked;
    for (const AugmentKind kind : kinds) {
      std::string prompt = prompts_.texts[static_cast<size_t>(kind)];
      if (kind == AugmentKind::kGlobal) prompt = replaced(prompt, kDocuments, all_documents(documents, prompt));
      for (const LabDocument* document : documents) {
        for (int sample = 0; sample < options_.augment_samples; ++sample) {
          Asked one{.kind = kind, .source = document->id};
          one.request = {.prompt = replaced(prompt, kDocument, document->text),
                         .seed = Rng(seed_).child("augment").bits(static_cast<uint64_t>(sample))};
          Sha256 hash;
          hash.add(fmt::format("{}\n{}\n{}\n{}", one.request.seed, options_.augment_tokens,
                               options_.augment_temperature, one.request.prompt));
          one.key = hash.hex();
          asked.push_back(std::move(one));
        }
      }
    }
    return asked;
  }

  // As many as leave room for the rest of the prompt and the answer.
  std::string all_documents(const std::vector<const LabDocument*>& documents, const std::string& prompt) const {
    uint64_t longest = 0;
    for (const LabDocument* document : documents) longest = std::max(longest, writer_.count_tokens(document->text));
    const uint64_t taken = writer_.count_tokens(prompt) + longest + static_cast<uint64_t>(options_.augment_tokens) + 64;
    uint64_t left = writer_.most_tokens == 0      ? ~uint64_t{0}
                    : writer_.most_tokens > taken ? writer_.most_tokens - taken
                                                  : 0;
    std::string text;
    for (const LabDocument* document : documents) {
      const uint64_t tokens = writer_.count_tokens(document->text) + 1;
      if (tokens > left) break;
      left -= tokens;
      text += (text.empty() ? "" : "\n") + document->text;
    }
    return text;
  }

  // Seconds that it took.
  double ask_for_missing(const std::vector<Asked>& asked, std::map<std::string, Written>& answers, Manifest& file) {
    std::vector<const Asked*> missing;
    std::set<std::string> keys;
    for (const Asked& one : asked) {
      if (!answers.contains(one.key) && keys.insert(one.key).second) missing.push_back(&one);
    }
    if (missing.empty()) return 0;
    std::vector<WriteRequest> requests;
    for (const Asked* one : missing) requests.push_back(one->request);
    const Stopwatch watch;
    Progress progress("lab: augmentation", requests.size(), "answers");
    writer_.write(requests, [&](size_t request, const Written& written) {
      const std::string& key = missing[request]->key;
      const Json line = {{"key", key},
                         {"text", written.text},
                         {"tokens_read", written.tokens_read},
                         {"tokens_written", written.tokens_written}};
      file.append(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
      answers[key] = written;
      progress.add();
    });
    return watch.seconds();
  }

  const LabData& data_;
  const TextWriter& writer_;
  const WriterOptions& options_;
  uint64_t seed_;
  AugmentPrompts prompts_;
};

}  // namespace

std::string AugmentPrompts::hash() const {
  Sha256 hash;
  for (const std::string& text : texts) hash.add(text + "\n");
  return hash.hex();
}

AugmentPrompts read_augment_prompts(const std::string& folder) {
  AugmentPrompts prompts;
  for (const auto& entry : names_of(AugmentKind{})) {
    std::string& text = prompts.texts[static_cast<size_t>(entry.value)];
    text = kOwnPrompts[static_cast<size_t>(entry.value)];
    if (folder.empty()) continue;
    const std::string path = (std::filesystem::path(folder) / fmt::format("{}.txt", entry.name)).string();
    text = read_file(path, 1 << 20);
    if (text.find(kDocument) == std::string::npos)
      fail(ErrorKind::kBadInput, "{}: there is no {{document}} in it, where the document is to stand", path);
    if (entry.value == AugmentKind::kGlobal && text.find(kDocuments) == std::string::npos)
      fail(ErrorKind::kBadInput, "{}: there is no {{documents}} in it, where all documents are to stand", path);
  }
  return prompts;
}

Augmentation augment_by_model(const LabData& data, std::span<const AugmentKind> kinds, const TextWriter& writer,
                              const WriterOptions& options, uint64_t seed, const std::string& cache) {
  return ModelAugmenter(data, writer, options, seed).write(kinds, cache);
}

}  // namespace manyshot::lab
