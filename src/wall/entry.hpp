#pragma once
// The wall, entry side: every SQL-callable function runs its body in entry(), which turns what is thrown into an ERROR.

#include <exception>
#include <new>
#include <string>

#include "domain/error.hpp"
#include "wall/backend.hpp"

extern "C" {
#include "postgres.h"
#include "fmgr.h"
}

namespace billing::wall {

// Plain copy of a thrown error, reported after its handler ended: an ereport inside would leak the exception object.
struct Report {
    ErrorData* backend = nullptr;
    int sqlstate = ERRCODE_INTERNAL_ERROR;
    char message[512];
    char detail[1024];
    char hint[1024];

    // Not "= {}": filling the buffers would cost more than the guard that runs once per row.
    Report() { message[0] = detail[0] = hint[0] = '\0'; }

    void take(const char* text) { strlcpy(message, text, sizeof message); }

    void take(const DomainError& error) {
        sqlstate = MAKE_SQLSTATE(error.sqlstate[0], error.sqlstate[1], error.sqlstate[2], error.sqlstate[3],
                                 error.sqlstate[4]);
        take(error.message.c_str());
        strlcpy(detail, error.detail.c_str(), sizeof detail);
        strlcpy(hint, error.hint.c_str(), sizeof hint);
    }

    // Does not return.
    [[noreturn]] void raise() const;
};

// Runs the body of an SQL-callable function.
template <typename Body>
Datum entry(FunctionCallInfo fcinfo, Body body) {
    Report report;
    try {
        return body(fcinfo);
    } catch (const BackendError& error) {
        report.backend = error.data;
    } catch (const DomainError& error) {
        report.take(error);
    } catch (const std::bad_alloc&) {
        report.sqlstate = ERRCODE_OUT_OF_MEMORY;
        report.take("out of memory");
    } catch (const std::exception& error) {
        report.take(error.what());
    } catch (...) {
        report.take("unknown failure");
    }
    report.raise();
}

} // namespace billing::wall
