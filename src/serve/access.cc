#include "serve/access.h"

#include <algorithm>
#include <sstream>

#include "core/files.h"
#include "core/text.h"

namespace manyshot::serve {
namespace {

constexpr size_t kLeastKeyBytes = 16;

// The time does not tell where they differ.
bool are_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char differs = 0;
  for (size_t i = 0; i < a.size(); ++i) differs |= static_cast<unsigned char>(a[i] ^ b[i]);
  return differs == 0;
}

// "localhost:8080" and "http://[::1]:8080" without scheme, port and brackets.
std::string host_name(std::string_view text) {
  if (const size_t scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  if (text.starts_with('[')) return std::string(text.substr(1, text.find(']') - 1));
  return std::string(text.substr(0, text.find(':')));
}

}  // namespace

bool is_this_machine(const std::string& host) { return host == "localhost" || host == "127.0.0.1" || host == "::1"; }

std::vector<std::string> read_api_keys(const std::string& path) {
  std::istringstream file(read_file(path, 1 << 20));
  std::vector<std::string> keys;
  size_t line = 0;
  for (std::string key; std::getline(file, key);) {
    ++line;
    if (key.ends_with('\r')) key.pop_back();
    if (key.empty()) continue;
    if (key.size() < kLeastKeyBytes || key.find_first_of(" \t") != std::string::npos) {
      fail(ErrorKind::kBadInput, "{}:{}: a key needs at least {} characters and no blanks; give a longer random one",
           path, line, kLeastKeyBytes);
    }
    keys.push_back(key);
  }
  if (keys.empty()) fail(ErrorKind::kBadInput, "{}: has no key; give one on a line", path);
  return keys;
}

std::optional<Response> refuse_stranger(const Request& request, const std::vector<std::string>& keys) {
  if (keys.empty()) {
    if (!request.host.empty() && !is_this_machine(host_name(request.host))) {
      return error_response(403, fmt::format("the request is for the host \"{}\"; without API keys this server answers "
                                             "to localhost alone",
                                             excerpt(request.host)));
    }
    if (!request.origin.empty() && !is_this_machine(host_name(request.origin))) {
      return error_response(
          403, fmt::format("pages of {} may not ask this server; it has no API keys", excerpt(request.origin)));
    }
    return std::nullopt;
  }
  if (request.path == "/health" || request.path == "/")
    return std::nullopt;  // the page has no data, and asks for a key
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view given = request.authorization;
  if (given.starts_with(kBearer)) {
    const std::string_view key = given.substr(kBearer.size());
    if (std::ranges::any_of(keys, [&](const std::string& known) { return are_equal(known, key); })) {
      return std::nullopt;
    }
    return error_response(401, "the API key is not one of this server");
  }
  return error_response(401, "an API key is needed: send the header \"Authorization: Bearer KEY\"");
}

}  // namespace manyshot::serve
