#pragma once
// Contracts with their customers, lines and limits, read once per verb: the terms that work and invoices are judged by.

#include <unordered_map>

#include "domain/chargeability.hpp"
#include "domain/extended.hpp"
#include "domain/nte.hpp"
#include "domain/split.hpp"
#include "engine/verb.hpp"
#include "pg/enum_oids.hpp"

namespace billing::engine {

struct ContractCustomer {
    std::int64_t customer_id;
    std::optional<Decimal> nte_limit;
};

struct LineCustomer {
    std::optional<Decimal> nte_limit;
    Decimal committed; // chargeable unbilled sales committed against the limits
    Decimal billed;    // chargeable billed sales
};

struct ContractLine {
    std::int64_t line_id;
    std::int64_t contract_id;
    BillingMethod method;
    IncludedTasks included_tasks;
    std::string name;
    std::optional<Decimal> nte_limit;
    std::vector<Share> shares;           // by customer id
    std::vector<LineCustomer> customers; // same order
    std::unordered_map<std::int64_t, bool> task_chargeable;
    std::unordered_map<std::int64_t, bool> role_chargeable;
    std::unordered_map<std::int64_t, bool> category_chargeable;
    Rates rates{};

    // Why the line cannot be used now; empty when it can.
    std::string problem() const;
    const LineCustomer* customer(std::int64_t customer_id) const;
};

struct Contract {
    std::int64_t contract_id;
    std::int64_t company_id;
    bool is_internal;
    bool is_closed;
    bool nte_partial_fit; // a sale that fits its limits only partly is split there
    std::string name;
    std::string currency;
    int money_scale;
    int cost_scale;
    int quantity_scale;
    std::optional<Decimal> nte_limit;
    std::vector<ContractCustomer> customers;
    std::vector<ContractLine*> lines;
    // What counts against the limits of customers and contract beside the running totals of the lines: posted product
    // lines, and milestone shares that are ready or on a draft. By customer.
    std::map<std::int64_t, Decimal> used_otherwise;
};

// Locks the contracts that exist, in ascending order, until the end of the transaction; returns their ids.
Ids lock_contracts(Ids contract_ids);

class ContractBook {
public:
    // Locks the contracts in ascending order until the end of the transaction, then reads them.
    // Ids that do not exist are left out. Every verb that moves anything below a contract goes through here: the
    // contract's row is the lock of everything below it, and one order for everybody means no deadlock.
    // `also_read` are contracts read without a lock: those for internal work have neither lines nor limits.
    static ContractBook lock_and_load(Ids contract_ids, const Ids& also_read = {});

    // The same without a lock, for dry runs.
    static ContractBook load(Ids contract_ids);

    const Ids& contract_ids() const { return contract_ids_; }
    Contract* contract(std::int64_t contract_id);
    ContractLine* line(std::int64_t line_id);
    // The same for ids that must be there; raises ZB099 if a table says otherwise.
    Contract& known_contract(std::int64_t contract_id);
    ContractLine& known_line(std::int64_t line_id);
    const std::vector<Contract*>& contracts() const { return in_order_; }

    // Limits of a contract with what has been used of them.
    NteBook& limits(Contract& contract);

    // Evaluates a chargeable unbilled sale on a time-and-material line; it is split only where the contract says so.
    NteFit fit(std::int64_t contract_id, std::int64_t line_id, std::int64_t customer_id, const NteSale& sale);

private:
    void load_contracts();
    void load_customers();
    void load_lines();
    void load_line_customers();
    void load_line_terms();
    void load_used_otherwise();

    Ids contract_ids_;
    std::unordered_map<std::int64_t, Contract> contracts_;
    std::unordered_map<std::int64_t, ContractLine> lines_;
    std::unordered_map<std::int64_t, NteBook> limits_;
    std::vector<Contract*> in_order_;
};

// Adds to the running totals of contract_line_customer, and marks the rows as in use.
class LineTotals {
public:
    void add(std::int64_t contract_id, std::int64_t line_id, std::int64_t customer_id, const Decimal& committed,
             const Decimal& billed);
    void write() const;

private:
    struct Total {
        std::int64_t contract_id;
        std::int64_t customer_id;
        Decimal committed;
        Decimal billed;
    };
    std::unordered_map<std::int64_t, std::vector<Total>> by_line_;
};

} // namespace billing::engine
