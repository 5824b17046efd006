// Responses of endpoints, kept on disk under the request that they answer, so that a rerun sends nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json.h"

namespace manyshot {

// Safe from several threads and processes: files appear whole.
class ResponseCache {
 public:
  // Makes the folder; empty: nothing is kept. Throws Error(kBadInput) when it cannot be made.
  explicit ResponseCache(std::string folder);

  // The response to this very request (URL and body, bit for bit). A damaged file counts as none.
  std::optional<Json> find(std::string_view url, const Json& body) const;
  void keep(std::string_view url, const Json& body, const Json& response) const;

  // Where the response stands: folder/3f/3f0c…e1.json, by a hash of the request.
  std::string path(std::string_view url, const Json& body) const;

 private:
  std::string folder_;
};

}  // namespace manyshot
