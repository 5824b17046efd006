#include "evaluate/endpoint/http_client.h"

#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <mutex>
#include <string_view>

#include "core/error.h"
#include "core/interrupt.h"

namespace manyshot {
namespace {

constexpr size_t kMaxBodyBytes = size_t{256} << 20;
constexpr long kConnectTimeoutMs = 30'000;

// What a transfer's callbacks read and write. They are called from C code: nothing may be thrown through it.
struct Transfer {
  HttpResponse response;
  std::stop_token stop;
  bool interrupted = false, too_large = false;
};

size_t on_body(char* bytes, size_t, size_t count, void* data) {
  auto& transfer = *static_cast<Transfer*>(data);
  transfer.too_large = transfer.response.body.size() + count > kMaxBodyBytes;
  if (transfer.too_large) return CURL_WRITEFUNC_ERROR;
  transfer.response.body.append(bytes, count);
  return count;
}

size_t on_header(char* bytes, size_t, size_t count, void* data) {
  constexpr std::string_view kName = "retry-after:";
  const std::string_view line(bytes, count);
  if (line.size() > kName.size() && strncasecmp(line.data(), kName.data(), kName.size()) == 0) {
    std::string_view value = line.substr(kName.size());
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    static_cast<Transfer*>(data)->response.retry_after = value.substr(0, value.find_last_not_of(" \t\r\n") + 1);
  }
  return count;
}

// Called at least once a second.
int on_progress(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(data);
  try {
    check_interrupted();
    transfer.interrupted = transfer.stop.stop_requested();
  } catch (const Error&) {
    transfer.interrupted = true;
  }
  return transfer.interrupted ? 1 : 0;
}

HttpOutcome outcome_of(CURLcode code) {
  switch (code) {
    case CURLE_OK:
      return HttpOutcome::kAnswered;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return HttpOutcome::kUnreachable;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpOutcome::kTimedOut;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return HttpOutcome::kBroken;
    default:
      return HttpOutcome::kRefused;
  }
}

}  // namespace

// One connection, used by one request at a time.
class HttpClient::Handle {
 public:
  Handle() : curl_(curl_easy_init()) {
    if (curl_ == nullptr) fail(ErrorKind::kUnsupported, "libcurl does not start: cannot reach any endpoint");
  }
  ~Handle() { curl_easy_cleanup(curl_); }
  Handle(const Handle&) = delete;

  HttpResponse post(const HttpRequest& request, std::stop_token stop) {
    Transfer transfer{.stop = std::move(stop)};
    char problem[CURL_ERROR_SIZE] = "";
    curl_slist* headers = nullptr;
    for (const std::string& header : request.headers) headers = curl_slist_append(headers, header.c_str());
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");  // no round trip before long bodies

    const auto timeout_ms = static_cast<long>(request.timeout_s * 1000);
    curl_easy_setopt(curl_, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(curl_, CURLOPT_USERAGENT, "manyshot");
    curl_easy_setopt(curl_, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT_MS, std::max(timeout_ms, 1l));
    curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1l);
    curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(curl_, CURLOPT_NOPROGRESS, 0l);
    curl_easy_setopt(curl_, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl_, CURLOPT_XFERINFODATA, &transfer);
    curl_easy_setopt(curl_, CURLOPT_ERRORBUFFER, problem);
    const CURLcode code = curl_easy_perform(curl_);
    curl_slist_free_all(headers);

    HttpResponse& response = transfer.response;
    response.outcome = outcome_of(code);
    if (code != CURLE_OK) response.problem = *problem != '\0' ? problem : curl_easy_strerror(code);
    if (transfer.too_large) response.problem = "the response is over 256 MiB";
    long status = 0;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    curl_easy_reset(curl_);  // forgets the pointers to this frame, keeps the connection
    if (transfer.interrupted) {
      check_interrupted();
      fail(ErrorKind::kInterrupted, "a request was given up");
    }
    return std::move(transfer.response);
  }

 private:
  CURL* curl_;
};

struct HttpClient::Idle {
  std::mutex mutex;
  std::vector<std::unique_ptr<Handle>> handles;
};

HttpClient::HttpClient() : idle_(std::make_unique<Idle>()) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (started != CURLE_OK) fail(ErrorKind::kUnsupported, "libcurl does not start: {}", curl_easy_strerror(started));
}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Handle> HttpClient::take_handle() {
  const std::lock_guard lock(idle_->mutex);
  if (idle_->handles.empty()) return std::make_unique<Handle>();
  std::unique_ptr<Handle> handle = std::move(idle_->handles.back());
  idle_->handles.pop_back();
  return handle;
}

HttpResponse HttpClient::post(const HttpRequest& request, std::stop_token stop) {
  std::unique_ptr<Handle> handle = take_handle();
  HttpResponse response = handle->post(request, std::move(stop));
  const std::lock_guard lock(idle_->mutex);
  idle_->handles.push_back(std::move(handle));
  return response;
}

}  // namespace manyshot
