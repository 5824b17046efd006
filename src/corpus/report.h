// A page about a corpus: how many tasks were kept, why others were not, and what those that were look like.
#pragma once

#include <string>

#include "corpus/write_corpus.h"

namespace manyshot {

// Self-contained HTML (report/html.h).
std::string corpus_report_page(const CorpusReport& report, const CorpusFiles& files);

}  // namespace manyshot
