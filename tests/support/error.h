// What a test says about an Error:
//   EXPECT_ERROR(read_file("none"), ErrorKind::kNotFound, "no such file") << "further words";
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/error.h"

namespace manyshot {

// The Error that `call` throws. Without one the test fails, and this is a kInternal one without a message.
inline Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorKind::kInternal, ""};
}

// Matches an Error of this kind whose message holds a text, or fits a matcher: StrEq("all of it"), AllOf(...).
template <class Message>
::testing::Matcher<const Error&> is_error(ErrorKind kind, const Message& message) {
  const auto message_of = [](const Error& error) { return std::string(error.what()); };
  ::testing::Matcher<std::string> fits;
  if constexpr (std::is_convertible_v<const Message&, std::string_view>) {
    fits = ::testing::HasSubstr(std::string(std::string_view(message)));
  } else {
    fits = message;
  }
  return ::testing::AllOf(::testing::Property("kind", &Error::kind, kind),
                          ::testing::ResultOf("message", message_of, fits));
}

// What a failed test shows of an Error.
inline void PrintTo(const Error& error,
                    std::ostream* out) {  // NOLINT(readability-identifier-naming): GoogleTest's name
  *out << "Error of kind " << static_cast<int>(error.kind()) << ": " << error.what();
}

}  // namespace manyshot

// The statement throws an Error of this kind; `message` as is_error takes it.
#define EXPECT_ERROR(statement, kind, message) \
  EXPECT_THAT(::manyshot::error_of([&] { statement; }), ::manyshot::is_error(kind, message))
