#pragma once
// The wall, backend side: runs backend code so that an ERROR (a longjmp) becomes a C++ throw.

#include <type_traits>

struct ErrorData;

namespace billing::wall {

// An ERROR the backend raised, on its way up to entry(). Not a std::exception, so that nobody swallows it by accident.
struct BackendError final {
    ErrorData* data;
};

// Runs step(arg); returns nullptr, or the error it raised. The only PG_TRY of the code base is behind it.
ErrorData* run_in_backend(void (*step)(void*), void* arg) noexcept;

// For steps that find something amiss: raises an internal error of the backend.
[[noreturn]] void fail(const char* message);

// Calls backend code. The step may capture plain data and references only and must not throw:
// a longjmp may leave it, and no destructor of its own would run.
template <typename Step>
void call(Step step) {
    static_assert(std::is_trivially_destructible_v<Step>, "capture plain data or references only");
    ErrorData* failure = run_in_backend([](void* arg) { (*static_cast<Step*>(arg))(); }, &step);
    if (failure != nullptr) {
        throw BackendError{failure};
    }
}

// The same for a step that returns a plain value.
template <typename Step>
auto value_of(Step step) {
    using Value = decltype(step());
    static_assert(std::is_trivially_destructible_v<Value>, "only plain values cross the wall");
    Value value{};
    call([&value, &step] { value = step(); });
    return value;
}

} // namespace billing::wall
