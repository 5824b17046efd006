// A server of tables alone, and the tables that tests send it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "serve/service.h"
#include "support/raw_http.h"
#include "support/temporary_folder.h"

namespace manyshot::serve {

inline constexpr const char* kCsvType = "Content-Type: text/csv\r\n";
inline constexpr const char* kJsonType = "Content-Type: application/json\r\n";

struct TableServer {
  explicit TableServer(ServeOptions options = {}) {
    options.port = 0;
    service = std::make_unique<Service>(nullptr, options);
  }
  RawResponse post_csv(std::string_view path, std::string_view csv, std::string_view headers = "") const {
    return ask(service->port(), "POST", path, csv, kCsvType + std::string(headers));
  }
  RawResponse post_json(std::string_view path, const Json& body) const {
    return ask(service->port(), "POST", path, body.dump(), kJsonType);
  }
  RawResponse get(std::string_view path) const { return ask(service->port(), "GET", path); }
  RawResponse remove(std::string_view path) const { return ask(service->port(), "DELETE", path); }
  double metric(const std::string& name) const {
    const std::string text = "\n" + get("/metrics").body;
    const size_t place = text.find("\nmanyshot_" + name + " ");
    return place == std::string::npos ? -1 : std::stod(text.substr(place + name.size() + 11));
  }

  std::unique_ptr<Service> service;
};

// Flowers of two kinds, which their numbers and the colour tell apart but for some; rows from `first` on.
inline std::string flowers(size_t first, size_t count, bool has_label = true) {
  std::string csv = has_label ? "petal,sepal,colour,seen,height,species\n" : "petal,sepal,colour,seen,height\n";
  constexpr const char* kColours[] = {"red", "blue", "white"};
  for (size_t row = first; row < first + count; ++row) {
    const bool is_rose = row * 7919 % 13 < 6;
    const double petal = static_cast<double>(row * 37 % 50) / 10 + (is_rose ? 2.5 : 0);
    const std::string sepal = row % 11 == 3 ? "" : fmt::format("{:.2f}", static_cast<double>(row * 53 % 70) / 9);
    csv += fmt::format("{:.1f},{},{},2024-0{}-1{},{:.3f}", petal, sepal, kColours[(row + is_rose) % 3], row % 9 + 1,
                       row % 8, petal * 3.1 + static_cast<double>(row % 5));
    csv += has_label ? (is_rose ? ",rose\n" : ",tulip\n") : "\n";
  }
  return csv;
}

}  // namespace manyshot::serve
