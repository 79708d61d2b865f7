#include "domain/decimal.hpp"

#include <cstring>

namespace billing {

namespace {

// Wide enough for the product of two magnitudes and a shift by twice the largest scale.
using Wide = boost::multiprecision::number<
    boost::multiprecision::cpp_int_backend<512, 512, boost::multiprecision::signed_magnitude,
                                           boost::multiprecision::checked, void>,
    boost::multiprecision::et_off>;

constexpr std::uint64_t ten_to_19 = 10'000'000'000'000'000'000ULL;
constexpr detail::Magnitude largest_magnitude = ~detail::Magnitude{0};

// 10^exponent, also beyond what 128 bits hold.
Wide wide_power_of_ten(int exponent) {
    Wide power = 1;
    for (; exponent > detail::max_power; exponent -= detail::max_power)
        power *= Wide(detail::power_of_ten(detail::max_power));
    return power * Wide(detail::power_of_ten(exponent));
}

// Quotient rounded half away from zero.
Wide divide_half_away(const Wide& dividend, const Wide& divisor) {
    const Wide size = abs(divisor);
    const Wide quotient = abs(dividend) / size;
    const Wide rest = abs(dividend) % size;
    const Wide rounded = rest >= size - rest ? Wide(quotient + 1) : quotient;
    return (dividend < 0) == (divisor < 0) ? rounded : Wide(-rounded);
}

// dividend / divisor x 10^shift as Units, rounded half away from zero; shift may be negative.
Units scaled_quotient(const Wide& dividend, const Wide& divisor, int shift) {
    const Wide quotient = shift >= 0 ? divide_half_away(dividend * wide_power_of_ten(shift), divisor)
                                     : divide_half_away(dividend, divisor * wide_power_of_ten(-shift));
    if (abs(quotient) > Wide(largest_magnitude))
        detail::throw_overflow();
    return static_cast<Units>(quotient);
}

void require_divisor(const Decimal& divisor) {
    if (divisor.is_zero())
        throw DomainError(sqlstate::invalid_parameter, "division by zero");
}

[[noreturn]] void throw_not_a_number(std::string_view text) {
    throw DomainError(sqlstate::invalid_text, "invalid number \"" + std::string(text) + "\"",
                      "A number is written in plain decimal notation, such as -12.50.");
}

// Appends one digit to a magnitude.
detail::Magnitude append_digit(detail::Magnitude value, unsigned digit) {
    if (value > (largest_magnitude - digit) / 10)
        detail::throw_overflow();
    return value * 10 + digit;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Decimals beyond the largest scale are dropped while they are zeros, as they carry no value.
std::string_view without_surplus_zeros(std::string_view fraction) {
    while (fraction.size() > static_cast<std::size_t>(Decimal::max_scale) && fraction.back() == '0')
        fraction.remove_suffix(1);
    return fraction;
}

// Writes the decimal digits of value so that they end just before `end`, at least `width` of them.
char* write_digits(detail::Magnitude value, int width, char* end) {
    char* begin = end;
    while (value != 0) {
        auto chunk = static_cast<std::uint64_t>(value % ten_to_19);
        value /= ten_to_19;
        for (int i = 0; i < 19 && (chunk != 0 || value != 0); ++i, chunk /= 10)
            *--begin = static_cast<char>('0' + chunk % 10);
    }
    while (end - begin < width)
        *--begin = '0';
    return begin;
}

} // namespace

namespace detail {

void throw_overflow() {
    throw DomainError(sqlstate::numeric_out_of_range, "numeric value out of range",
                      "A result has more than 38 digits.");
}

void throw_bad_scale(int scale) {
    throw DomainError(sqlstate::numeric_out_of_range, "numeric value out of range",
                      "A scale of " + std::to_string(scale) + " decimals is outside 0 to " +
                          std::to_string(Decimal::max_scale) + ".");
}

} // namespace detail

Decimal Decimal::parse(std::string_view text) {
    std::string_view rest = text;
    const bool is_negative = !rest.empty() && rest.front() == '-';
    if (is_negative || (!rest.empty() && rest.front() == '+'))
        rest.remove_prefix(1);

    const std::size_t point = rest.find('.');
    const std::string_view whole = rest.substr(0, point);
    const std::string_view decimals = point == std::string_view::npos ? std::string_view{} : rest.substr(point + 1);
    if (whole.empty() && decimals.empty())
        throw_not_a_number(text);

    const std::string_view fraction = without_surplus_zeros(decimals);
    detail::Magnitude value = 0;
    for (const std::string_view digits : {whole, decimals})
        for (const char c : digits)
            if (!is_digit(c))
                throw_not_a_number(text);
    for (const std::string_view digits : {whole, fraction})
        for (const char c : digits)
            value = append_digit(value, static_cast<unsigned>(c - '0'));
    return from_units(detail::make_units(value, is_negative), static_cast<int>(fraction.size()));
}

std::size_t Decimal::write_text(char* buffer) const {
    char digits[max_text_size];
    char* const end = digits + max_text_size;
    const char* const begin = write_digits(detail::magnitude(units_), scale_ + 1, end);
    const auto whole = static_cast<std::size_t>(end - begin - scale_);

    char* out = buffer;
    if (detail::negative(units_))
        *out++ = '-';
    std::memcpy(out, begin, whole);
    out += whole;
    if (scale_ > 0) {
        *out++ = '.';
        std::memcpy(out, begin + whole, static_cast<std::size_t>(scale_));
        out += scale_;
    }
    return static_cast<std::size_t>(out - buffer);
}

std::string Decimal::text() const {
    char buffer[max_text_size];
    return {buffer, write_text(buffer)};
}

Decimal Decimal::divided_by(const Decimal& divisor, int scale) const {
    require_divisor(divisor);
    const int shift = scale - scale_ + divisor.scale_;
    return from_units(scaled_quotient(Wide(units_), Wide(divisor.units_), shift), scale);
}

Decimal Decimal::proportion(const Decimal& whole, const Decimal& part, const Decimal& of, int scale) {
    require_divisor(of);
    const int shift = scale - whole.scale_ - part.scale_ + of.scale_;
    return from_units(scaled_quotient(Wide(whole.units_) * Wide(part.units_), Wide(of.units_), shift), scale);
}

Decimal Decimal::trimmed() const {
    detail::Magnitude value = detail::magnitude(units_);
    int scale = scale_;
    for (; scale > 0 && value % 10 == 0; --scale)
        value /= 10;
    return {detail::make_units(value, detail::negative(units_)), scale};
}

// The wide integer has room for any alignment of scales, so a comparison cannot overflow.
int Decimal::compare_slowly(const Decimal& a, const Decimal& b) {
    return Wide(a.units_).compare(Wide(b.units_) * wide_power_of_ten(a.scale_ - b.scale_));
}

} // namespace billing
