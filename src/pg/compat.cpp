#include "pg/compat.hpp"

#include "wall/backend.hpp"

namespace billing::pg {

void init_result_set(FunctionCallInfo fcinfo) {
#if PG_VERSION_NUM >= 150000
#if !defined(MAT_SRF_USE_EXPECTED_DESC) && defined(SRF_SINGLE_USE_EXPECTED)
    SetSingleFuncCall(fcinfo, 0);
#else
    InitMaterializedSRF(fcinfo, 0);
#endif
#else
    auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
    if (result == nullptr || !IsA(result, ReturnSetInfo) || (result->allowedModes & SFRM_Materialize) == 0) {
        wall::fail("set-valued function called in context that cannot accept a set");
    }
    MemoryContext const outer = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
    TupleDesc columns;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) {
        wall::fail("return type must be a row type");
    }
    result->returnMode = SFRM_Materialize;
    result->setResult = tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
    result->setDesc = columns;
    MemoryContextSwitchTo(outer);
#endif
}

} // namespace billing::pg
