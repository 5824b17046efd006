// The page in a browser, from a file to the download.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "serve/table_server.h"
#include "support/browser.h"
#include "support/error.h"

namespace manyshot::serve {
namespace {

using ::testing::HasSubstr;

class Page : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::optional<std::string> program = Browser::program();
    if (!program) GTEST_SKIP() << "no Chromium is installed: the page is not driven";
    server_ = std::make_unique<TableServer>(ServeOptions{});
    browser_ = std::make_unique<Browser>(*program);
    browser_->show_as(1100, 900, /*is_dark=*/false);
    url_ = fmt::format("http://127.0.0.1:{}/", server_->service->port());
  }
  // A picture for people, where MANYSHOT_PICTURES names a folder.
  void save_picture(const std::string& name) {
    if (const char* folder = std::getenv("MANYSHOT_PICTURES")) browser_->save_picture(folder + ("/" + name) + ".png");
  }
  std::string text_of(const std::string& id) {
    return browser_->evaluate("document.getElementById('" + id + "').textContent").get<std::string>();
  }
  bool is_done() {
    return browser_->comes_true("document.getElementById('status').textContent.startsWith('Done')", 120);
  }

  TemporaryFolder folder_;
  std::unique_ptr<TableServer> server_;
  std::unique_ptr<Browser> browser_;
  std::string url_;
};

// 60 flowers, of which 12 have no name.
std::string flowers_with_gaps() {
  std::string csv;
  size_t row = 0;
  for (const std::string& line : lines_of(flowers(0, 60))) {
    csv += row > 0 && row % 5 == 0 ? line.substr(0, line.rfind(',') + 1) : line;
    csv += '\n';
    ++row;
  }
  return csv;
}

TEST_F(Page, FromAFileToTheDownload) {
  const std::string csv = flowers_with_gaps(), path = folder_.write("flowers.csv", csv);
  browser_->save_downloads_to(folder_.path());
  browser_->open(url_);
  browser_->choose_file("#table-file", path);
  ASSERT_TRUE(browser_->comes_true("!document.getElementById('predict').disabled"));
  EXPECT_THAT(text_of("format"), HasSubstr("CSV, comma"));
  EXPECT_THAT(text_of("format"), HasSubstr("60 rows, 6 columns"));
  EXPECT_EQ(browser_->evaluate("document.getElementById('target').value"), "species");
  EXPECT_THAT(text_of("about-target"), HasSubstr("48 rows teach species, 2 classes: rose ("));
  EXPECT_THAT(text_of("about-target"), HasSubstr("12 rows will be predicted"));
  browser_->evaluate("document.getElementById('model').value = 'knn'");
  browser_->evaluate("document.getElementById('predict').click()");
  ASSERT_TRUE(is_done()) << text_of("status") << text_of("error");
  EXPECT_EQ(browser_->evaluate("document.querySelectorAll('#predictions tbody tr').length"), 12);
  EXPECT_THAT(text_of("estimate-text"), HasSubstr("13 of 48 labelled rows were held out"));
  EXPECT_THAT(text_of("scores"), HasSubstr("accuracy"));
  EXPECT_EQ(browser_->evaluate("document.querySelectorAll('#importances tbody tr').length"), 5);
  EXPECT_THAT(text_of("importance-text"), HasSubstr("on 13 held-out rows"));
  EXPECT_TRUE(browser_->evaluate("document.getElementById('error').hidden") == true) << text_of("error");

  // The file is what the server answers for those rows.
  browser_->evaluate("document.getElementById('download').click()");
  const std::string saved = folder_ / "predictions.csv";
  for (int i = 0; i < 100 && content_of(saved).empty(); ++i) usleep(50'000);
  std::string train, asked;
  size_t row = 0;
  for (const std::string& line : lines_of(csv)) {
    if (row == 0 || line.back() != ',') train += line + "\n";
    if (row == 0 || line.back() == ',') asked += line + "\n";
    ++row;
  }
  ASSERT_EQ(server_->post_csv("/v1/fit?target=species&name=same&model=knn", train).status, 200);
  EXPECT_EQ(content_of(saved),
            server_->post_csv("/v1/predict?fit=same&keep=petal,sepal,colour,seen,height", asked, "Accept: text/csv\r\n")
                .body);
  EXPECT_THAT(lines_of(content_of(saved)).front(), HasSubstr("row,petal,sepal,colour,seen,height,prediction,p_rose"));
}

TEST_F(Page, TheExampleByKeysAlone) {
  browser_->open(url_);
  const auto tab_to = [&](const std::string& id) {
    for (int i = 0; i < 60; ++i) {
      if (browser_->evaluate("document.activeElement.id") == id) return true;
      browser_->press("Tab");
    }
    return false;
  };
  ASSERT_TRUE(tab_to("table-file"));
  ASSERT_TRUE(tab_to("example"));
  browser_->press("Enter");
  ASSERT_TRUE(browser_->comes_true("!document.getElementById('predict').disabled"));
  ASSERT_TRUE(tab_to("model"));
  browser_->press("ArrowDown");
  EXPECT_EQ(browser_->evaluate("document.getElementById('model').value"), "default");
  ASSERT_TRUE(tab_to("predict"));
  save_picture("asked");
  browser_->press("Enter");
  ASSERT_TRUE(is_done()) << text_of("status") << text_of("error");
  EXPECT_EQ(browser_->evaluate("document.querySelectorAll('#predictions tbody tr').length"), 20);
  ASSERT_TRUE(tab_to("show-prompt"));
  browser_->press(" ");
  ASSERT_TRUE(browser_->comes_true("!document.getElementById('prompt').hidden"));
  EXPECT_THAT(text_of("prompt"), HasSubstr(" | "));
  save_picture("light");
  for (const auto& [width, is_dark, name] :
       {std::tuple{1100, true, "dark"}, {390, false, "narrow"}, {390, true, "narrow_dark"}}) {
    browser_->show_as(width, 900, is_dark);
    EXPECT_TRUE(browser_->evaluate("document.documentElement.scrollWidth <= innerWidth") == true) << name;
    save_picture(name);
  }
}

TEST_F(Page, SaysWhatIsWrongAndWhatToDo) {
  browser_->open(url_);
  browser_->choose_file("#table-file", folder_.write("ragged.csv", "a,b\n1,2\n3,4,5\n"));
  ASSERT_TRUE(browser_->comes_true("!document.getElementById('error').hidden"));
  EXPECT_THAT(text_of("error"), HasSubstr("The table"));
  EXPECT_EQ(browser_->evaluate("document.activeElement.id"), "error");
  browser_->choose_file("#table-file", folder_.write("one.csv", "a,b\n1,x\n2,x\n3,x\n"));
  ASSERT_TRUE(browser_->comes_true("document.getElementById('status').textContent.startsWith('one.csv was read')"));
  browser_->evaluate("target.value = 'b'; target.dispatchEvent(new Event('change'))");
  ASSERT_TRUE(browser_->comes_true("document.getElementById('error').textContent.includes('has only one value')"));
  EXPECT_TRUE(browser_->evaluate("document.getElementById('predict').disabled") == true);
  server_->service.reset();
  browser_->evaluate("document.getElementById('example').click()");
  ASSERT_TRUE(browser_->comes_true("document.getElementById('error').textContent.includes('does not answer')"));
}

TEST_F(Page, AsksForAKeyWhereOneIsNeeded) {
  const TableServer guarded({.api_key_file = folder_.write("keys", "a-key-of-sixteen-letters\n")});
  browser_->open(fmt::format("http://127.0.0.1:{}/", guarded.service->port()));
  browser_->evaluate("document.getElementById('example').click()");
  ASSERT_TRUE(browser_->comes_true("!document.getElementById('key-form').hidden"));
  EXPECT_THAT(text_of("error"), HasSubstr("An API key is needed"));
  browser_->evaluate("document.getElementById('key').value = 'a-key-of-sixteen-letters'");
  browser_->evaluate("document.querySelector('#key-form button').click()");
  ASSERT_TRUE(browser_->comes_true("document.getElementById('key-form').hidden"));
  browser_->evaluate("document.getElementById('example').click()");
  EXPECT_TRUE(browser_->comes_true("!document.getElementById('predict').disabled")) << text_of("error");
}

TEST_F(Page, NumbersArePredictedToo) {
  const std::string path = folder_.write("heights.csv", flowers(0, 80));
  const std::string rows = folder_.write("rows.csv", flowers(200, 7));
  browser_->open(url_);
  browser_->choose_file("#table-file", path);
  ASSERT_TRUE(browser_->comes_true("!document.getElementById('predict').disabled"));
  browser_->choose_file("#rows-file", rows);
  ASSERT_TRUE(browser_->comes_true("document.getElementById('rows-name').textContent.includes('7 rows')"));
  browser_->evaluate("target.value = 'height'; target.dispatchEvent(new Event('change'))");
  ASSERT_TRUE(
      browser_->comes_true("document.getElementById('about-target').textContent.includes('teach height, a number')"));
  browser_->evaluate("document.getElementById('predict').click()");
  ASSERT_TRUE(is_done()) << text_of("status") << text_of("error");
  EXPECT_EQ(browser_->evaluate("document.querySelectorAll('#predictions tbody tr').length"), 7);
  EXPECT_THAT(text_of("scores"), HasSubstr("RMSE"));
  save_picture("numbers");
  browser_->evaluate("document.getElementById('leave-rows').click()");
  EXPECT_THAT(text_of("about-target"), HasSubstr("there is nothing to predict"));
}

TEST(PageFile, HasAllWithinItself) {
  const TableServer server;
  const RawResponse page = server.get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.head, HasSubstr("text/html"));
  EXPECT_THAT(page.head, HasSubstr("default-src 'none'"));
  for (const char* elsewhere : {"src=\"", "href=\"http", "@import", "url("})
    EXPECT_THAT(page.body, ::testing::Not(HasSubstr(elsewhere))) << elsewhere;
  EXPECT_THAT(page.body, ::testing::Not(HasSubstr("/*SCRIPT*/")));
  EXPECT_THAT(server.get("/example.csv").body, HasSubstr("NObeyesdad"));
}

}  // namespace
}  // namespace manyshot::serve
