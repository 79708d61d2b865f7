#include "pg/row_batch.hpp"

#include "wall/backend.hpp"

extern "C" {
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
}

namespace billing::pg {

namespace {

// Memory that lives as long as the SPI connection, which keeps what is registered in it, whatever batch the caller is
// in.
MemoryContext connection_memory() {
    void* const chunk = SPI_palloc(1);
    MemoryContext const memory = GetMemoryChunkContext(chunk);
    pfree(chunk);
    return memory;
}

} // namespace

RowBatch::RowBatch(const char* name, std::initializer_list<BatchColumn> columns) : name_(name) {
    if (columns.size() > most_columns) {
        throw DomainError(sqlstate::inconsistent, std::string("row batch ") + name + " has too many columns");
    }
    BatchColumn const* first = columns.begin();
    int const count = static_cast<int>(columns.size());
    wall::call([this, first, count] {
        MemoryContext const callers = MemoryContextSwitchTo(connection_memory());
        columns_ = CreateTemplateTupleDesc(count);
        for (int i = 0; i < count; ++i) {
            TupleDescInitEntry(columns_, static_cast<AttrNumber>(i + 1), first[i].name, first[i].type, -1, 0);
        }
        store_ = tuplestore_begin_heap(true, false, work_mem);
        auto* relation = static_cast<EphemeralNamedRelation>(palloc0(sizeof(EphemeralNamedRelationData)));
        relation->md.name = pstrdup(name_);
        relation->md.reliddesc = InvalidOid;
        relation->md.tupdesc = columns_;
        relation->md.enrtype = ENR_NAMED_TUPLESTORE;
        relation->md.enrtuples = 0;
        relation->reldata = store_;
        if (SPI_register_relation(relation) != SPI_OK_REL_REGISTER) {
            wall::fail("could not register a row batch");
        }
        MemoryContextSwitchTo(callers);
    });
}

void RowBatch::emit() {
    position_ = 0;
    ++count_;
    wall::call([this] { tuplestore_putvalues(store_, columns_, values_, nulls_); });
}

void RowBatch::clear() {
    count_ = 0;
    wall::call([this] { tuplestore_clear(store_); });
}

void RowBatch::close() {
    wall::call([this] {
        (void)SPI_unregister_relation(name_);
        tuplestore_end(store_);
    });
}

} // namespace billing::pg
