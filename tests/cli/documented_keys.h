// The keys of --json as docs/formats/json.md has them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot {

// Those in the first cells of the tables below "## heading".
inline std::set<std::string> documented_keys(const std::string& heading) {
  const std::string page = content_of(source_path("docs/formats/json.md"));
  const std::string title = "\n## " + heading + "\n";
  const size_t begin = page.find(title);
  EXPECT_NE(begin, std::string::npos) << heading;
  const std::string section = page.substr(begin + title.size(), page.find("\n## ", begin + 1) - begin - title.size());
  std::set<std::string> keys;
  const std::regex row("\n\\|([^|]*)\\|"), key("`([a-z_]+)`");
  for (std::sregex_iterator cell(section.begin(), section.end(), row), end; cell != end; ++cell) {
    const std::string text = (*cell)[1];
    for (std::sregex_iterator name(text.begin(), text.end(), key); name != end; ++name) keys.insert((*name)[1]);
  }
  return keys;
}

// The summary of a command has what every one has, and nothing that the page does not tell of.
inline void expect_documented(const nlohmann::json& summary, const std::string& command) {
  const std::set<std::string> common = documented_keys("Every command"), own = documented_keys(command);
  for (const std::string& key : common) EXPECT_TRUE(summary.contains(key)) << command << ": " << key;
  for (const auto& [key, value] : summary.items()) {
    EXPECT_TRUE(common.contains(key) || own.contains(key)) << command << " prints " << key << ", which is not told of";
  }
  EXPECT_EQ(summary.value("command", ""), command);
}

}  // namespace manyshot
