#pragma once
// Which actuals an approved entry becomes.

#include "domain/extended.hpp"
#include "domain/split.hpp"
#include "domain/vocabulary.hpp"

#include <optional>
#include <vector>

namespace billing {

// Where a price comes from.
enum class PriceSource {
    typed,        // as it is
    list,         // the price list; 0 where it has none
    list_or_typed // the price list; as it is where it has none
};

// What was worked, as approved.
struct ApprovedWork {
    TransactionClass transaction_class;
    Decimal quantity;
    Decimal billable_quantity;              // what the customer shall pay for
    std::optional<BillingType> chosen_type; // the approver's choice; empty: what the contract line says
    Decimal cost_price;                     // company currency
    Decimal sales_price;                    // contract currency
    Decimal tax;                            // of the billable part, contract currency
    PriceSource cost_source = PriceSource::typed;
    PriceSource sales_source = PriceSource::typed;

    bool is_typed() const noexcept { return cost_source == PriceSource::typed && sales_source == PriceSource::typed; }
};

// The contract line that pays for it.
struct PayingLine {
    BillingMethod method;
    BillingType default_type; // chargeability of this class, role, category and task on the line
    const Share* shares;
    std::size_t share_count;
    Scales sales_scales;
    Scales cost_scales;
    Rates rates{}; // of chargeable sales
};

struct NewActual {
    TransactionType type;
    BillingType billing_type;
    std::int64_t customer_id; // 0: no paying customer
    Decimal quantity;
    Decimal price;
    Decimal amount; // after discount and fee
    Decimal tax;
    Extension extension{}; // of sales on a line with discount or fee
};

// Work that a line pays for: one cost per customer (none for a fee), and on a time-and-material line one unbilled sale
// per customer. A billable quantity below the quantity adds a non-chargeable unbilled sale for the rest, at the same
// price and without tax; zero billable leaves one non-chargeable sale of everything. Fixed price: cost only.
// On a line with discount or fee every sale carries the percentages, a chargeable one what they come to, too.
// Replaces the contents of `out`; `parts` is scratch space that callers reuse.
// Raises ZB011 if the shares are unsound.
void approve_work(const ApprovedWork& work, const PayingLine& line, std::vector<Part>& parts,
                  std::vector<NewActual>& out);

// Work nobody pays for (internal, presales, class not included): one cost, billing type not available.
NewActual unpaid_cost(const ApprovedWork& work, int cost_scale);

} // namespace billing
