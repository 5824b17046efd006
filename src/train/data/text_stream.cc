#include "train/data/text_stream.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/text.h"
#include "train/data/supervision.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

bool is_json(const fs::path& path) { return path.extension() == ".jsonl" || path.extension() == ".json"; }
bool is_plain(const fs::path& path) { return path.extension() == ".txt" || path.extension() == ".md"; }

template <class Iterator>
std::vector<std::string> files_in(const fs::path& folder, bool (*is_wanted)(const fs::path&)) {
  std::vector<std::string> files;
  for (const auto& entry : Iterator(folder)) {
    if (entry.is_regular_file() && is_wanted(entry.path())) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> text_files(const std::string& path, StageData kind) {
  std::error_code error;
  if (!fs::exists(path, error)) fail(ErrorKind::kNotFound, "{}: no such file or folder; check the stage's path", path);
  if (!fs::is_directory(path, error)) return {path};
  const fs::path inner = fs::path(path) / "alpaca";
  auto files = files_in<fs::directory_iterator>(fs::is_directory(inner, error) ? inner : fs::path(path), is_json);
  if (files.empty() && kind == StageData::kText) files = files_in<fs::recursive_directory_iterator>(path, is_plain);
  if (files.empty()) {
    fail(ErrorKind::kNotFound, "{}: no .jsonl or .json files in this folder{}", path,
         kind == StageData::kText ? ", and no .txt or .md files" : "");
  }
  return files;
}

// A byte is a token at most; a token before and one behind the text are the tokenizer's.
std::unique_ptr<TextRecords> open_records(const std::string& path, const StageRecipe& stage) {
  if (stage.data != StageData::kText || !is_plain(path)) return std::make_unique<JsonLines>(path);
  return std::make_unique<PlainText>(path, static_cast<size_t>(stage.max_tokens) - 2);
}

const Tokenizer& required_tokenizer(const StageRecipe& stage, const StreamContext& context) {
  if (context.tokenizer == nullptr) {
    fail(ErrorKind::kBadInput,
         "stage \"{}\": data = \"{}\" is text, and a compact model reads tables; take live or tokens", stage.name,
         name_of(stage.data));
  }
  return *context.tokenizer;
}

}  // namespace

TextStream::TextStream(const StageRecipe& stage, const StreamContext& context)
    : kind_(stage.data),
      tokenizer_(required_tokenizer(stage, context)),
      wrapping_(choose_chat_wrapping(stage.chat, tokenizer_)),
      mode_(stage.loss),
      limit_(stage),
      split_(context.split) {
  for (const std::string& path : text_files(stage.path, stage.data)) {
    auto records = open_records(path, stage);
    if (records->size() == 0) continue;
    files_.push_back(std::move(records));
    first_.push_back(num_records_);
    num_records_ += files_.back()->size();
  }
  if (num_records_ == 0) fail(ErrorKind::kBadInput, "{}: there are no lines and no texts", stage.path);
  order_ = std::make_unique<ShuffledOrder>(context.seed, split_.numbers(num_records_, "samples", stage.path));
  const Json first = files_.front()->record(0);  // a wrong kind of data is told at once
  encode(first, files_.front()->place(0));
}

TrainSample TextStream::encode(const Json& record, const std::string& place) const {
  if (kind_ == StageData::kAlpaca) return encode_chat(read_alpaca(record, place), wrapping_, tokenizer_);
  if (kind_ == StageData::kMessages) return encode_chat(read_messages(record, place), wrapping_, tokenizer_);
  const auto text = record.find("text");
  if (text == record.end() || !text->is_string()) {
    fail(ErrorKind::kBadInput, "{}: there is no \"text\"; check the stage's data kind", place);
  }
  const auto prompt = record.find("prompt");
  if (prompt != record.end() && !prompt->is_string())
    fail(ErrorKind::kBadInput, "{}: \"prompt\" is no text; leave it out, or write one", place);
  const auto& words = text->get_ref<const std::string&>();
  const TrainSample sample = prompt == record.end() || prompt->get_ref<const std::string&>().empty()
                                 ? encode_plain_text(words, tokenizer_)
                                 : encode_completion(prompt->get_ref<const std::string&>(), words, tokenizer_);
  if (sample.supervised.empty()) fail(ErrorKind::kBadInput, "{}: the text is empty", place);
  return sample;
}

TrainSample TextStream::sample(uint64_t position, StreamScratch&) const {
  for (uint64_t attempt = 0; attempt < order_->size(); ++attempt) {
    const uint64_t number = order_->at(position, attempt);
    const size_t file =
        static_cast<size_t>(std::upper_bound(first_.begin(), first_.end(), number) - first_.begin()) - 1;
    const size_t line = number - first_[file];
    const std::string place = files_[file]->place(line);
    TrainSample sample = encode(files_[file]->record(line), place);
    sample.index = number;
    if (!limit_.fit(sample, place)) continue;
    if (kind_ != StageData::kText) supervise(sample, mode_, &tokenizer_);
    return sample;
  }
  limit_.fail_all_too_long(files_.front()->place(0));
}

BatchShape TextStream::largest_sample() const { return {.num_samples = 1, .sample_tokens = limit_.max_tokens()}; }

std::string TextStream::description() const {
  return fmt::format("{} samples of {} in {} files{}", with_thousands(static_cast<long long>(order_->size())),
                     name_of(kind_), files_.size(), held_out_text(split_, num_records_, order_->size()));
}

}  // namespace manyshot::train
