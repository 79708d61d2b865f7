#include "domain/approval.hpp"

namespace billing {

namespace {

// The same value with the decimals a reader expects: at least `scale`, more only where they are significant.
Decimal tidy(const Decimal& value, int scale) {
    const Decimal shortest = value.trimmed();
    return shortest.scale() < scale ? shortest.rounded(scale) : shortest;
}

// Adds one actual per customer.
void add_split(TransactionType type, BillingType billing_type, const Decimal& quantity, const Decimal& price,
               const Decimal& tax, const PayingLine& line, const Scales& scales, std::vector<Part>& parts,
               std::vector<NewActual>& out) {
    split(quantity, price, tax, line.shares, line.share_count, scales, parts);
    for (const Part& part : parts)
        out.push_back({type, billing_type, part.customer_id, tidy(part.quantity, scales.quantity),
                       tidy(price, scales.money), tidy(part.amount, scales.money), tidy(part.tax, scales.money)});
}

std::int64_t rounding_customer(const PayingLine& line) {
    for (std::size_t i = 0; i < line.share_count; ++i)
        if (line.shares[i].rounding)
            return line.shares[i].customer_id;
    return 0;
}

// Discount and fee of the sales just split, the last ones in the list.
void extend_sales(BillingType type, const std::vector<Part>& parts, const PayingLine& line,
                  std::vector<NewActual>& out) {
    const int scale = line.sales_scales.money;
    const std::vector<Extension> extensions =
        type == BillingType::chargeable
            ? extend_parts(parts, rounding_customer(line), line.rates, scale)
            : std::vector<Extension>(parts.size(), extend(Decimal(), type, line.rates, scale));
    const std::size_t first = out.size() - parts.size();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        out[first + i].extension = extensions[i];
        out[first + i].amount = tidy(out[first + i].amount + extensions[i].net(), scale);
    }
}

} // namespace

void approve_work(const ApprovedWork& work, const PayingLine& line, std::vector<Part>& parts,
                  std::vector<NewActual>& out) {
    out.clear();
    const BillingType type = work.chosen_type.value_or(line.default_type);
    if (work.transaction_class != TransactionClass::fee)
        add_split(TransactionType::cost, type, work.quantity, work.cost_price, Decimal(), line, line.cost_scales, parts,
                  out);
    if (line.method != BillingMethod::time_and_material)
        return;

    const auto add_sale = [&](BillingType sale_type, const Decimal& quantity, const Decimal& tax) {
        add_split(TransactionType::unbilled_sales, sale_type, quantity, work.sales_price, tax, line, line.sales_scales,
                  parts, out);
        if (line.rates.any())
            extend_sales(sale_type, parts, line, out);
    };
    const bool is_chargeable = type == BillingType::chargeable;
    // Only what is charged can be reduced or raised; other types are shown to the customer as worked.
    const Decimal& billable = is_chargeable ? work.billable_quantity : work.quantity;
    if (!billable.is_zero())
        add_sale(type, billable, is_chargeable ? work.tax.rounded(line.sales_scales.money) : Decimal());
    const Decimal rest = work.quantity - billable;
    if (rest.sign() == work.quantity.sign())
        add_sale(BillingType::non_chargeable, rest, Decimal());
}

NewActual unpaid_cost(const ApprovedWork& work, int cost_scale) {
    return {TransactionType::cost,
            BillingType::not_available,
            0,
            work.quantity.trimmed(),
            tidy(work.cost_price, cost_scale),
            (work.quantity * work.cost_price).rounded(cost_scale),
            Decimal().rounded(cost_scale)};
}

} // namespace billing
