// Turns the C++ signature of an op into a JavaScript function.
#pragma once

#include <node_api.h>

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "../core/denormals.h"
#include "../core/thread_pool.h"
#include "../ops/context.h"
#include "arguments.h"
#include "errors.h"
#include "instance.h"

namespace lanewise::binding {

// A name as a template argument.
template <std::size_t size>
struct Name {
  constexpr Name(const char (&source)[size]) {  // NOLINT(google-explicit-constructor): written as a literal
    for (std::size_t i = 0; i < size; ++i) text[i] = source[i];
  }
  char text[size];
};

[[noreturn]] void refuse_count(std::size_t expected, std::size_t given);

// The JavaScript arguments of a call, exactly `count` of them, and the function's data pointer.
template <std::size_t count>
std::array<napi_value, count> read_arguments(napi_env env, napi_callback_info info, void** data) {
  std::array<napi_value, count> values{};
  std::size_t given = count;
  check(napi_get_cb_info(env, info, &given, values.data(), nullptr, data));
  if (given != count) refuse_count(count, given);
  return values;
}

// What a call of an op was given: `count` arguments, and for an op with lists the arrays that stand behind them.
class OpArguments {
 public:
  // `few` is memory for arguments; `more` is for where there are more.
  OpArguments(napi_env env, napi_callback_info info, std::size_t count, bool has_lists, std::span<napi_value> few,
              std::vector<napi_value>& more);

  const BoundOp& bound() const { return *bound_; }
  Argument operator[](std::size_t index) { return {env_, values_[index], index, &crossing_}; }
  // When all lists have been read: whether something is left.
  void check_all_taken() const {
    if (!crossing_.arrays.empty()) refuse_count(count_, given_);
  }

 private:
  napi_env env_;
  std::size_t count_;
  const napi_value* values_;
  std::size_t given_;
  const BoundOp* bound_;
  Crossing crossing_;
};

// Not inlined, since all ops together have hundreds of arguments, of a dozen types.
template <typename T>
[[gnu::noinline]] T read_argument(OpArguments& arguments, std::size_t index) {
  return Read<T>::from(arguments[index]);
}

template <Name name, auto op>
struct Call;

template <Name name, typename... Args, void (*op)(const ops::Context&, Args...)>
struct Call<name, op> {
  static napi_value callback(napi_env env, napi_callback_info info) noexcept {
    return guarded(env, name.text, [&]() -> napi_value {
      invoke(env, info, std::index_sequence_for<Args...>());
      return nullptr;  // undefined
    });
  }

 private:
  template <std::size_t... index>
  static void invoke(napi_env env, napi_callback_info info, std::index_sequence<index...>) {
    constexpr std::size_t count = sizeof...(Args);
    constexpr bool has_lists = (IsList<ops::Plain<Args>> || ...);
    std::array<napi_value, count + (has_lists ? 12 : 0)> few;  // with room for the arrays of most lists
    std::vector<napi_value> more;
    OpArguments arguments(env, info, count, has_lists, few, more);
    // Elements of lists first, because reading them can run JavaScript; from then on nothing does.
    const std::tuple lists{elements<ops::Plain<Args>>(arguments, index)...};
    arguments.check_all_taken();
    // The braces fix the order, so that the first wrong argument is the one that is named.
    const std::tuple args{read<ops::Plain<Args>>(arguments, index, std::get<index>(lists))...};
    const auto& [instance, kernels] = arguments.bound();
    const ops::Context context{kernels, core::ThreadPool::instance(), instance.threads};
    const core::FlushDenormals flush;
    op(context, std::get<index>(args)...);
  }

  struct NoList {};
  template <typename T>
  static auto elements(OpArguments& arguments, std::size_t index) {
    if constexpr (IsList<T>) {
      return list_elements(arguments[index]);
    } else {
      return NoList{};
    }
  }
  // Of a list what it is gathered in, which the span that the op takes does not keep.
  template <typename T, typename List>
  static auto read(OpArguments& arguments, std::size_t index, const List& list) {
    if constexpr (IsList<T>) {
      return Read<T>::from(arguments[index], list);
    } else {
      return read_argument<T>(arguments, index);
    }
  }
};

}  // namespace lanewise::binding
