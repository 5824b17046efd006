// Who may ask a server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "serve/http_server.h"

namespace manyshot::serve {

bool is_this_machine(const std::string& host);  // localhost, 127.0.0.1 or ::1

// Keys of a file, one a line. Throws Error(kBadInput) for a file without keys and for keys shorter than 16 characters
// or with blanks, kNotFound without the file.
std::vector<std::string> read_api_keys(const std::string& path);

// With keys, a request must carry one ("Authorization: Bearer KEY"), but for GET /health and the page. Without, the
// server answers this machine alone: a web page that a browser shows, of another origin or by a name that leads here,
// may not ask.
std::optional<Response> refuse_stranger(const Request& request, const std::vector<std::string>& keys);

}  // namespace manyshot::serve
