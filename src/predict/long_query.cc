#include "predict/long_query.h"

#include "core/error.h"
#include "core/text.h"

namespace manyshot {

void refuse_long_query(const std::string& path, uint64_t row, const LongQuery& query) {
  fail(ErrorKind::kBadInput,
       "{}: row {} (counted from 0) is {} tokens long, behind {} tokens of labelled rows, and the model's window holds "
       "{}; shorten its texts, leave columns out with --ignore, give fewer --shots, or use another model",
       path, row, with_thousands(static_cast<long long>(query.tokens)),
       with_thousands(static_cast<long long>(query.shot_tokens)), with_thousands(static_cast<long long>(query.window)));
}

}  // namespace manyshot
