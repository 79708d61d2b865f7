#pragma once
// Work that may fail without taking the rest of the transaction along.

#include "pg/postgres.hpp"
#include "wall/backend.hpp"

namespace billing::pg {

// What went wrong: message, and detail if there is one.
struct Failure {
    std::string reason;
};

// A subtransaction with an SPI connection of its own, from construction to commit() or roll_back(), one of which must
// follow.
class Subtransaction {
public:
    Subtransaction();
    void commit() const;
    void roll_back() const;

private:
    MemoryContext memory_;
    ResourceOwnerData* owner_;
};

// Words for an error of the backend. A cancel request, or the end of the session, is nobody's failure: it is thrown on.
Failure failure_of(const wall::BackendError& error);

// Runs body() in a subtransaction. If it throws, nothing of it is left, and what went wrong is returned.
template <typename Body>
std::optional<Failure> attempt(Body body) {
    Subtransaction const subtransaction;
    std::optional<Failure> failure;
    std::optional<DomainError> stop;
    try {
        body();
        subtransaction.commit();
        return std::nullopt;
    } catch (const wall::BackendError& error) {
        // Its texts lie in memory that goes with the subtransaction.
        try {
            failure = failure_of(error);
        } catch (const DomainError& cancel) {
            stop = cancel;
        }
    } catch (const DomainError& error) {
        failure = Failure{error.message};
    } catch (const std::exception& error) {
        failure = Failure{error.what()};
    }
    subtransaction.roll_back();
    if (stop) {
        throw DomainError(*stop);
    }
    return failure;
}

// Locks are waited for this long at most until the end of the (sub)transaction, unless the caller set a limit himself.
void limit_lock_waits(const char* duration);

} // namespace billing::pg
