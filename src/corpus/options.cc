#include "corpus/options.h"

#include <charconv>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr int64_t kLeastShots = 2, kMostShots = 1'000'000;

// "64" or "8:1024".
IntRange parse_shots(const std::string& text) {
  const size_t colon = text.find(':');
  const auto number = [&](std::string_view part) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size() || value < kLeastShots || value > kMostShots) {
      fail(ErrorKind::kBadInput, "--shots: expected a number of at least {} or a range such as 8:1024, got \"{}\"",
           kLeastShots, excerpt(text));
    }
    return value;
  };
  const std::string_view view = text;
  const IntRange range = colon == std::string::npos
                             ? IntRange{number(view), number(view)}
                             : IntRange{number(view.substr(0, colon)), number(view.substr(colon + 1))};
  if (range.low > range.high)
    fail(ErrorKind::kBadInput, "--shots {}: the range is empty; give the smaller number first", excerpt(text));
  return range;
}

}  // namespace

CorpusSettings parse_corpus_options(const CorpusOptions& options) {
  CorpusSettings settings{.shots = parse_shots(options.shots), .prior = options.prior};
  const int64_t needed = settings.shots.high + options.queries;
  if (settings.prior.rows == "auto") settings.prior.rows = std::to_string(needed);
  const PriorSettings prior = parse_settings(settings.prior);
  if (prior.rows.low < needed) {
    fail(ErrorKind::kBadInput, "--rows {}: --shots {} and {} queries need {} rows; give more --rows, or none",
         settings.prior.rows, options.shots, options.queries, needed);
  }
  settings.is_compact = options.format == "compact";
  settings.is_warmup = options.stage == "warmup";
  if (settings.is_compact && prior.classes.high > kCompactClasses) {
    fail(ErrorKind::kBadInput, "--classes {}: the compact format has {} labels; use fewer classes, or --format concat",
         settings.prior.classes, kCompactClasses);
  }
  if (settings.is_warmup && !options.filter_tasks) {
    fail(ErrorKind::kBadInput,
         "--stage warmup keeps the queries that the forest gets right, so it needs --filter-tasks");
  }
  if (!settings.is_compact && options.rank_share > 0) {
    fail(ErrorKind::kBadInput,
         "--rank-share {}: only the compact format has ranks; use --format compact, or leave it out",
         options.rank_share);
  }
  if (!settings.is_compact) {
    settings.style = parse_text_style(options.format);
    settings.chat = parse_chat_wrapping(options.chat);
  }
  return settings;
}

}  // namespace manyshot
