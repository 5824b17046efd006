#include "serve/page_routes.h"

#include <string>
#include <string_view>

#include "core/error.h"
#include "serve/embedded.h"

namespace manyshot::serve {
namespace {

void replace(std::string& text, std::string_view mark, std::string_view with) {
  const size_t place = text.find(mark);
  if (place == std::string::npos) fail(ErrorKind::kInternal, "the page lacks its {}", mark);
  text.replace(place, mark.size(), with);
}

std::string make_page() {
  std::string page(page_file());
  replace(page, "/*STYLE*/", page_style());
  replace(page, "/*SCRIPT*/", page_script());
  return page;
}

// Nothing is fetched but from this server, and no other page shows this one within itself.
constexpr const char* kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

std::vector<Route> page_routes() {
  return {{"GET", "/",
           [page = make_page()](const Request&) -> Response {
             return {.body = page,
                     .content_type = "text/html; charset=utf-8",
                     .headers = {{"Content-Security-Policy", kPolicy},
                                 {"X-Content-Type-Options", "nosniff"},
                                 {"Referrer-Policy", "no-referrer"},
                                 {"Cache-Control", "no-cache"}}};
           }},
          {"GET", "/example.csv", [](const Request&) -> Response {
             return {.body = std::string(page_example()), .content_type = "text/csv; charset=utf-8"};
           }}};
}

}  // namespace manyshot::serve
