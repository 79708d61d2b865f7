#include "domain/vocabulary.hpp"

#include <algorithm>
#include <iterator>

namespace billing {

namespace {

using Aliases = std::array<std::string_view, max_aliases>;

constexpr VocabularyValue value(std::string_view label, std::string_view english, std::string_view norwegian,
                                std::string_view meaning, Aliases aliases = {}) {
    return {label, {english, norwegian}, meaning, aliases, false, false};
}

// Marks a value that a new row may start with.
constexpr VocabularyValue initial(VocabularyValue marked) {
    marked.initial = true;
    return marked;
}

// Marks a value that nothing leads away from.
constexpr VocabularyValue terminal(VocabularyValue marked) {
    marked.terminal = true;
    return marked;
}

constexpr VocabularyValue billing_status[] = {
    initial(value("not_ready_to_invoice", "Not ready to invoice", "Ikke klar for fakturering",
                  "The item waits in the backlog and no invoice may take it.",
                  {"Not ready", "Not ready for invoicing", "Ikke klar"})),
    value("ready_to_invoice", "Ready to invoice", "Klar for fakturering",
          "A person has released the item, and the next invoice of its contract and customer takes it.",
          {"Ready", "Ready for invoicing", "Klar"}),
    value("customer_invoice_created", "Customer Invoice Created", "Kundefaktura opprettet",
          "The item is on a draft invoice.", {"Invoice created", "Faktura opprettet"}),
    terminal(value("customer_invoice_posted", "Customer Invoice Posted", "Kundefaktura postert",
                   "The invoice with the item has been confirmed.", {"Invoice posted", "Faktura postert"})),
    terminal(value("canceled", "Canceled", "Annullert",
                   "The item has been reversed or replaced and will never be invoiced.", {"Cancelled", "Kansellert"})),
};

constexpr VocabularyValue milestone_status[] = {
    initial(value("not_ready_to_invoice", "Not ready to invoice", "Ikke klar for fakturering",
                  "The milestone is not yet reached and no invoice may take it.",
                  {"Not ready", "Not ready for invoicing", "Not started", "Ikke klar"})),
    value("ready_to_invoice", "Ready to invoice", "Klar for fakturering",
          "A person has released the milestone for this customer, and the next invoice takes it.",
          {"Ready", "Ready for invoicing", "Klar"}),
    value("customer_invoice_created", "Customer Invoice Created", "Kundefaktura opprettet",
          "The milestone is on a draft invoice of this customer.", {"Invoice created", "Faktura opprettet"}),
    value("customer_invoice_posted", "Customer Invoice Posted", "Kundefaktura postert",
          "This customer's invoice with the milestone has been confirmed; only a full credit makes it ready again.",
          {"Invoice posted", "Faktura postert"}),
};

constexpr VocabularyValue product_status[] = {
    initial(value("not_ready_to_invoice", "Not ready to invoice", "Ikke klar for fakturering",
                  "The product line waits in the backlog and no invoice may take it.",
                  {"Not ready", "Not ready for invoicing", "Ikke klar"})),
    value("ready_to_invoice", "Ready to invoice", "Klar for fakturering",
          "A person has released the product line, and the next invoice takes it.",
          {"Ready", "Ready for invoicing", "Klar"}),
    value("customer_invoice_created", "Customer Invoice Created", "Kundefaktura opprettet",
          "The product line is on a draft invoice.", {"Invoice created", "Faktura opprettet"}),
    value("customer_invoice_posted", "Customer Invoice Posted", "Kundefaktura postert",
          "The invoice with the product line has been confirmed; only a corrective invoice moves it back to ready.",
          {"Invoice posted", "Faktura postert"}),
};

constexpr VocabularyValue retainer_status[] = {
    initial(value("not_ready_to_invoice", "Not ready to invoice", "Ikke klar for fakturering",
                  "The retainer is agreed, but no invoice may take it yet.",
                  {"Not ready", "Not ready for invoicing", "Ikke klar"})),
    value("ready_to_invoice", "Ready to invoice", "Klar for fakturering",
          "A person has released the retainer, and the next invoice of its contract and customer takes it.",
          {"Ready", "Ready for invoicing", "Klar"}),
    value("customer_invoice_created", "Customer Invoice Created", "Kundefaktura opprettet",
          "The retainer is on a draft invoice.", {"Invoice created", "Faktura opprettet"}),
    value("customer_invoice_posted", "Customer Invoice Posted", "Kundefaktura postert",
          "The invoice with the retainer has been confirmed, and its balance can be applied.",
          {"Invoice posted", "Faktura postert"}),
};

constexpr VocabularyValue refund_status[] = {
    initial(value("not_refunded", "Not refunded", "Ikke refundert",
                  "The balance is applied to invoices of the contract and customer.")),
    value("ready_to_refund", "Ready to refund", "Klar for refusjon",
          "The balance is staged to be paid back and is not applied meanwhile.", {"Ready for refund"}),
    value("refunded", "Refunded", "Refundert", "The balance has been paid back.", {"Tilbakebetalt"}),
};

constexpr VocabularyValue milestone_header_status[] = {
    initial(value("not_started", "Not Started", "Ikke startet", "No customer's part of the milestone is ready yet.")),
    value("in_progress", "In Progress", "Pågår",
          "At least one customer's part is ready or invoiced, but not every part is posted."),
    value("completed", "Completed", "Fullført", "Every customer's part has been invoiced and confirmed."),
};

constexpr VocabularyValue invoice_status[] = {
    initial(value("active", "Active", "Aktiv", "The invoice has not been paid.")),
    terminal(value("paid", "Paid", "Betalt", "The confirmed invoice has been paid.")),
};

constexpr VocabularyValue project_invoice_status[] = {
    initial(value("draft", "Draft", "Utkast", "The invoice is being prepared and may be edited or deleted.",
                  {"Draft invoice", "Fakturautkast"})),
    value("in_review", "In review", "Til gjennomgang", "The invoice is being reviewed and may still be edited."),
    value("confirmed", "Confirmed", "Bekreftet", "The invoice is final; corrections need a corrective invoice."),
    terminal(value("posted", "Posted", "Postert", "The confirmed invoice has been posted to the ledger.")),
};

constexpr VocabularyValue nte_status[] = {
    initial(value("not_applicable", "Not applicable", "Ikke aktuelt",
                  "The row is not chargeable time-and-material sales, or no limit covers it.")),
    value("not_evaluated", "Not evaluated", "Ikke evaluert",
          "The row has been reset and claims no part of any limit until it is evaluated again."),
    initial(value("committed", "Committed", "Forpliktet", "The row fits every limit and claims its amount of them.")),
    initial(value("failed", "Failed", "Mislyktes",
                  "The row would exceed a limit, claims nothing and cannot be made ready to invoice.")),
};

constexpr VocabularyValue nte_level[] = {
    value("contract_line_customer", "Contract line customer", "Kunde på kontraktlinje",
          "The limit of one customer on one contract line."),
    value("contract_line", "Contract line", "Kontraktlinje",
          "The limit of a time-and-material contract line, all customers together."),
    value("contract_customer", "Contract customer", "Kontraktkunde",
          "The limit of one customer over all lines of the contract."),
    value("contract", "Contract", "Kontrakt", "The limit of the whole contract."),
};

constexpr VocabularyValue adjustment_status[] = {
    initial(value("adjustable", "Adjustable", "Kan justeres", "The actual may be corrected.")),
    value("in_process", "In process", "Under behandling",
          "A correction of the actual has been started but not confirmed."),
    terminal(value("adjusted", "Adjusted", "Justert",
                   "The actual has been superseded, and exactly one reversal cancels it out.")),
    initial(terminal(value("unadjustable", "Unadjustable", "Kan ikke justeres",
                           "The actual is itself a reversal and cannot be corrected."))),
};

constexpr VocabularyValue entry_status[] = {
    initial(value("draft", "Draft", "Utkast", "The entry is being written and is nobody's business yet.")),
    value("submitted", "Submitted", "Sendt inn", "The entry waits for an approver."),
    value("approved", "Approved", "Godkjent", "The entry has been approved and its actuals exist."),
    value("returned", "Returned", "Returnert", "A time entry was sent back and may be corrected and submitted again."),
    value("rejected", "Rejected", "Avvist",
          "An expense or material entry was sent back and may be corrected and submitted again."),
    value("recall_requested", "Recall requested", "Tilbakekalling forespurt",
          "The author of an approved entry has asked for it back."),
};

constexpr VocabularyValue contract_status[] = {
    initial(value("draft", "Draft", "Utkast", "The contract is being negotiated; its work may already be billed.")),
    terminal(value("active", "Active", "Aktiv", "The contract has been confirmed.", {"Confirmed", "Bekreftet"})),
    terminal(value("closed", "Closed", "Lukket", "The contract has been lost or closed and bills nothing more.",
                   {"Lost", "Tapt", "Avsluttet"})),
};

constexpr VocabularyValue contract_kind[] = {
    value("customer", "Customer contract", "Kundekontrakt", "Work for paying customers.", {"External", "Kunde"}),
    value("internal", "Internal contract", "Internkontrakt",
          "Internal and presales work of one company, which is never billed.", {"Intern"}),
};

constexpr VocabularyValue billing_method[] = {
    value("time_and_material", "Time and material", "Tid og materialer",
          "The customer pays for the work done, at agreed prices.", {"T&M", "Tid og materiale", "Time & material"}),
    value("fixed_price", "Fixed price", "Fastpris", "The customer pays agreed milestones, whatever the work.",
          {"Fast pris"}),
    value("product", "Product", "Produkt", "The customer pays for a product at quantity and unit price."),
};

constexpr VocabularyValue billing_type[] = {
    value("chargeable", "Chargeable", "Fakturerbar", "The customer pays for it."),
    value("non_chargeable", "Non-chargeable", "Ikke fakturerbar", "The customer does not pay for it.",
          {"Non chargeable", "Ikke-fakturerbar"}),
    value("complimentary", "Complimentary", "Gratis", "The customer sees it on the invoice but does not pay for it."),
    value("not_available", "Not available", "Ikke tilgjengelig", "No paying contract line covers it."),
};

constexpr VocabularyValue transaction_type[] = {
    value("cost", "Cost", "Kostnad", "What the work costs the company."),
    value("project_contract", "Project contract", "Prosjektkontrakt", "An estimate on a contract, never an actual."),
    value("unbilled_sales", "Unbilled sales", "Ikke-fakturert salg", "Sales value of approved work not yet invoiced.",
          {"Ikke fakturert salg"}),
    value("billed_sales", "Billed sales", "Fakturert salg", "Sales value on a confirmed invoice."),
    value("inter_organizational_sales", "Inter-organizational sales", "Salg mellom organisasjoner",
          "What the lending unit charges the contracting unit.", {"Interorganizational sales"}),
    value("resourcing_unit_cost", "Resourcing unit cost", "Kostnad for ressursenhet",
          "What the work costs the lending unit."),
};

constexpr VocabularyValue transaction_class[] = {
    value("time", "Time", "Tid", "Hours worked."),
    value("expense", "Expense", "Utgift", "Money spent for the project."),
    value("material", "Material", "Materiale", "Goods used for the project.", {"Materialer"}),
    value("fee", "Fee", "Gebyr", "An amount charged without cost behind it."),
    value("milestone", "Milestone", "Milepæl", "An agreed instalment of a fixed price."),
    value("retainer", "Retainer", "Forskudd", "An amount paid in advance.", {"Advance"}),
    value("tax", "Tax", "Avgift", "Tax as a row of its own, kept for old data only.", {"Mva"}),
};

constexpr VocabularyValue included_tasks[] = {
    value("all_project_tasks", "All project tasks", "Alle prosjektoppgaver",
          "The contract line covers every task of its project.", {"Entire project"}),
    value("selected_project_tasks", "Selected project tasks only", "Bare valgte prosjektoppgaver",
          "The contract line covers only the tasks listed on it.",
          {"Selected project tasks", "Valgte prosjektoppgaver"}),
};

constexpr VocabularyValue detail_kind[] = {
    value("actual", "Actual", "Faktisk verdi", "An unbilled sale on a time-and-material line."),
    value("milestone", "Milestone", "Milepæl", "One customer's share of a milestone."),
    value("product", "Product", "Produkt", "A product line of the contract."),
    value("manual", "Manual", "Manuell", "Typed in on the draft, nothing behind it yet."),
    value("correction", "Correction", "Korreksjon", "Corrects a billed sale of time, expense, material or fee."),
    value("milestone_correction", "Milestone correction", "Korreksjon av milepæl", "Credits a billed milestone."),
    value("product_correction", "Product correction", "Korreksjon av produkt", "Credits a billed product line."),
    value("retainer", "Retainer", "Forskudd", "A retainer being billed."),
    value("advance", "Applied advance", "Avregnet forskudd", "A part of a billed retainer set against the invoice."),
    value("refund", "Refund of a retainer", "Refusjon av forskudd", "The balance of a retainer paid back."),
};

constexpr VocabularyValue item_outcome[] = {
    value("changed", "Changed", "Endret", "The operation changed the item."),
    value("unchanged", "Unchanged", "Uendret", "The item already was as the operation would have left it."),
    value("refused", "Refused", "Avvist", "A rule forbids the operation on this item."),
};

constexpr VocabularyValue frequency_period[] = {
    value("weekly", "Weekly", "Ukentlig", "Once a week."),
    value("biweekly", "Biweekly", "Annenhver uke", "Every other week, counted from the first date."),
    value("monthly", "Monthly", "Månedlig", "On one to four days of each month."),
};

constexpr VocabularyValue run_status[] = {
    initial(value("not_run", "Not run", "Ikke kjørt", "The date has not been run yet.")),
    terminal(value("run_successful", "Run successful", "Kjøring vellykket",
                   "What was due has been put on draft invoices, or nothing was due.")),
    value("run_failed", "Run failed", "Kjøring mislyktes",
          "What was due could not be invoiced; the next run tries again."),
};

constexpr VocabularyValue bulk_confirmation_status[] = {
    initial(value("scheduled", "Scheduled", "Planlagt", "The invoice waits for its turn in a bulk confirmation.")),
    value("processing", "Processing", "Behandles", "The invoice is being confirmed."),
    terminal(
        value("complete", "Complete", "Fullført", "A bulk confirmation has confirmed the invoice.", {"Completed"})),
    value("failed", "Failed", "Mislyktes",
          "The invoice could not be confirmed and says why; the next bulk confirmation tries again."),
};

constexpr VocabularyValue invoice_schedule_type[] = {
    value("completed_milestones", "Completed milestones", "Fullførte milepæler",
          "A milestone is invoiced whole when it has been reached."),
    value("progress_based", "Progress-based", "Fremdriftsbasert",
          "A milestone is invoiced bit by bit, by percentage or amount.", {"Progress based"}),
};

constexpr VocabularyValue journal_type[] = {
    value("entry", "Entry", "Registrering", "Its lines become actuals exactly as typed."),
    value("time_correction", "Time correction", "Timekorreksjon", "Gives approved time other values."),
    value("expense_correction", "Expense correction", "Utgiftskorreksjon", "Gives approved expenses other values."),
    value("material_correction", "Material correction", "Materialkorreksjon", "Gives approved material other values."),
    value("cancellation", "Cancellation", "Kansellering", "Takes actuals back that entry journals wrote."),
};

constexpr VocabularyValue journal_status[] = {
    initial(value("draft", "Draft", "Utkast", "The journal is being written; the ledger knows nothing of it.")),
    terminal(value("confirmed", "Confirmed", "Bekreftet", "Its actuals are written and it never changes again.")),
};

constexpr VocabularyValue amount_method[] = {
    value("multiply_quantity_by_price", "Multiply quantity by price", "Multipliser antall med pris",
          "The amount is quantity times price."),
    value("fixed_price", "Fixed price", "Fast beløp", "The amount is typed."),
};

constexpr VocabularyValue price_context[] = {
    value("cost", "Cost", "Kost", "What work costs the company."),
    value("sales", "Sales", "Salg", "What customers pay for work."),
};

template <std::size_t count>
constexpr Vocabulary vocabulary(std::string_view type_name, const VocabularyValue (&values)[count]) {
    static_assert(count <= most_values);
    return {type_name, values, count};
}

// In the order of detail::VocabularyEnums.
constexpr Vocabulary catalog[] = {
    vocabulary("billing_status", billing_status),
    vocabulary("milestone_status", milestone_status),
    vocabulary("product_status", product_status),
    vocabulary("retainer_status", retainer_status),
    vocabulary("refund_status", refund_status),
    vocabulary("milestone_header_status", milestone_header_status),
    vocabulary("invoice_status", invoice_status),
    vocabulary("project_invoice_status", project_invoice_status),
    vocabulary("nte_status", nte_status),
    vocabulary("nte_level", nte_level),
    vocabulary("adjustment_status", adjustment_status),
    vocabulary("entry_status", entry_status),
    vocabulary("contract_status", contract_status),
    vocabulary("contract_kind", contract_kind),
    vocabulary("billing_method", billing_method),
    vocabulary("billing_type", billing_type),
    vocabulary("transaction_type", transaction_type),
    vocabulary("transaction_class", transaction_class),
    vocabulary("included_tasks", included_tasks),
    vocabulary("detail_kind", detail_kind),
    vocabulary("item_outcome", item_outcome),
    vocabulary("frequency_period", frequency_period),
    vocabulary("run_status", run_status),
    vocabulary("bulk_confirmation_status", bulk_confirmation_status),
    vocabulary("invoice_schedule_type", invoice_schedule_type),
    vocabulary("journal_type", journal_type),
    vocabulary("journal_status", journal_status),
    vocabulary("amount_method", amount_method),
    vocabulary("price_context", price_context),
};

static_assert(std::size(catalog) == detail::VocabularyEnums::size, "one vocabulary per enum");

constexpr bool every_text_is_there() {
    for (const Vocabulary& listed : catalog)
        for (const VocabularyValue& entry : listed)
            for (const std::string_view text : entry.text)
                if (text.empty())
                    return false;
    return true;
}

static_assert(every_text_is_there(), "every value has a text in every language");

constexpr char lower_ascii(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Lower case of one UTF-8 byte given the byte before it: ASCII letters, and the capitals U+00C0 to U+00DE, whose
// second byte is 0x80 to 0x9E after 0xC3 (0x97 is the multiplication sign).
char folded(char before, char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (static_cast<unsigned char>(before) == 0xC3 && byte >= 0x80 && byte <= 0x9E && byte != 0x97)
        return static_cast<char>(byte + 0x20);
    return lower_ascii(c);
}

bool equal_folded(std::string_view a, std::string_view b) {
    if (a.size() != b.size())
        return false;
    char before = '\0';
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (folded(before, a[i]) != folded(before, b[i]))
            return false;
        before = a[i];
    }
    return true;
}

template <typename Texts>
bool contains_folded(const Texts& texts, std::string_view text) {
    return std::any_of(texts.begin(), texts.end(), [text](std::string_view candidate) {
        return !candidate.empty() && equal_folded(candidate, text);
    });
}

bool is_called(const VocabularyValue& entry, std::string_view text) {
    return equal_folded(entry.label, text) || contains_folded(entry.text, text) || contains_folded(entry.aliases, text);
}

} // namespace

const Vocabulary* all_vocabularies(std::size_t& count) noexcept {
    count = std::size(catalog);
    return catalog;
}

const Vocabulary* find_vocabulary(std::string_view type_name) noexcept {
    const auto* const found =
        std::find_if(std::begin(catalog), std::end(catalog),
                     [type_name](const Vocabulary& listed) { return listed.type_name == type_name; });
    return found == std::end(catalog) ? nullptr : found;
}

std::size_t detail::position_of(const Vocabulary& vocabulary, std::string_view label) noexcept {
    std::size_t position = 0;
    while (position < vocabulary.count && vocabulary.values[position].label != label)
        ++position;
    return position;
}

std::optional<std::size_t> language_index(std::string_view tag) noexcept {
    std::string_view primary = tag.substr(0, tag.find_first_of("-_.@"));
    // "no" is the macrolanguage; what people write under it is Bokmål.
    if (equal_folded(primary, "no"))
        primary = "nb";
    for (std::size_t i = 0; i < language_count; ++i)
        if (equal_folded(primary, languages[i]))
            return i;
    return std::nullopt;
}

std::optional<std::string_view> localized_label(std::string_view type_name, std::string_view label,
                                                std::string_view language) noexcept {
    const Vocabulary* const listed = find_vocabulary(type_name);
    const std::optional<std::size_t> index = language_index(language);
    if (listed == nullptr || !index)
        return std::nullopt;
    const std::size_t position = detail::position_of(*listed, label);
    if (position == listed->count)
        return std::nullopt;
    return listed->values[position].text[*index];
}

std::optional<std::string_view> label_from_localized(std::string_view type_name, std::string_view text) noexcept {
    const Vocabulary* const listed = find_vocabulary(type_name);
    if (listed == nullptr)
        return std::nullopt;
    for (const VocabularyValue& entry : *listed)
        if (is_called(entry, text))
            return entry.label;
    return std::nullopt;
}

} // namespace billing
