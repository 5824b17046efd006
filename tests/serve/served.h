// A small model with random weights behind HTTP, for tests.
#pragma once

#include <memory>
#include <string>

#include "generate/generator.h"
#include "generate/prompt_tokens.h"
#include "serve/service.h"
#include "support/models/tiny_text_model.h"
#include "support/raw_http.h"
#include "support/temporary_folder.h"

namespace manyshot::serve {

struct Served {
  explicit Served(ServeOptions options = {}) {
    write_tiny_text_model(folder.path());
    model = load_model(folder.path());
    options.name = "tiny";
    options.port = 0;
    service = std::make_unique<Service>(model, options);
  }
  RawResponse post(std::string_view path, const Json& body, std::string_view headers = "") const {
    return ask(service->port(), "POST", path, body.dump(), headers);
  }
  RawResponse get(std::string_view path, std::string_view headers = "") const {
    return ask(service->port(), "GET", path, "", headers);
  }
  // The value of a line of /metrics.
  double metric(const std::string& name) const {
    const std::string text = "\n" + get("/metrics").body;
    const size_t place = text.find("\nmanyshot_" + name + " ");
    return place == std::string::npos ? -1 : std::stod(text.substr(place + name.size() + 11));
  }
  // What the library alone writes.
  Generation alone(const std::string& prompt, const GenerateOptions& options, uint64_t number = 0) const {
    std::vector<GenerateRequest> requests(1);
    requests[0] = {.prompt = prompt_tokens(prompt, *model->tokenizer()), .options = options, .number = number};
    return generate(*model, std::move(requests)).front();
  }

  TemporaryFolder folder;
  std::shared_ptr<const Model> model;
  std::unique_ptr<Service> service;
};

}  // namespace manyshot::serve
