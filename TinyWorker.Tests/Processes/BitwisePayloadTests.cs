using System.Globalization;
using System.Numerics;
using System.Text;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Tests.Processes;

internal sealed class BitwisePayloadTests
{
    private enum Small : byte
    {
        None,
        Most = 255,
    }

    [Test]
    public void Primitives_AtTheirEnds_ComeThroughExactly()
    {
        Exactly(true, false);
        Exactly(sbyte.MinValue, sbyte.MaxValue);
        Exactly(byte.MinValue, byte.MaxValue);
        Exactly(short.MinValue, short.MaxValue);
        Exactly(ushort.MinValue, ushort.MaxValue);
        Exactly(int.MinValue, 0, int.MaxValue);
        Exactly(uint.MinValue, uint.MaxValue);
        Exactly(long.MinValue, long.MaxValue);
        Exactly(ulong.MinValue, ulong.MaxValue);
        Exactly(Int128.MinValue, Int128.MaxValue);
        Exactly(UInt128.MinValue, UInt128.MaxValue);
        Exactly('\0', 'x', '\uD800', '\uFFFF');
        Exactly(decimal.MinValue, 1.000m, -0.0m, decimal.MaxValue);
        Exactly(Small.None, Small.Most, (Small)77);
        Exactly(DayOfWeek.Friday);
        Exactly<Index>(^3);
        Exactly<Range>(1..^2);
        Exactly(new Rune(0x1F600));
        Exactly(new Complex(1, -2));
        Exactly(new Vector3(1, 2, float.NaN));
        Exactly((1, 2.5, Small.Most));
        Exactly(new KeyValuePair<int, char>(1, 'x'));
    }

    [Test]
    public void FloatingPoint_ItsOddValues_KeepTheirBits()
    {
        foreach (var bits in new ulong[] { 0x7FF8_0000_0000_1234, 0xFFF0_0000_0000_0001, 0x8000_0000_0000_0000, 0x7FF0_0000_0000_0000, 1 })
            Assert.That(BitConverter.DoubleToUInt64Bits(Travel.Through(BitConverter.UInt64BitsToDouble(bits))), Is.EqualTo(bits));
        foreach (var bits in new uint[] { 0x7FC0_1234, 0xFF80_0001, 0x8000_0000, 0x7F80_0000, 1 })
            Assert.That(BitConverter.SingleToUInt32Bits(Travel.Through(BitConverter.UInt32BitsToSingle(bits))), Is.EqualTo(bits));
        foreach (var bits in new ushort[] { 0x7E12, 0xFC01, 0x8000, 0x7C00, 1 })
            Assert.That(BitConverter.HalfToUInt16Bits(Travel.Through(BitConverter.UInt16BitsToHalf(bits))), Is.EqualTo(bits));
    }

    [Test]
    public void Decimal_ItsScale_IsKept() =>
        Assert.That(Travel.Through(1.000m).ToString(CultureInfo.InvariantCulture), Is.EqualTo("1.000"));

    [TestCase(new byte[] { 0 })]
    [TestCase(new byte[] { 3, 65, 0 })]
    [TestCase(new byte[] { 2, 65 }, Description = "half a character")]
    public void String_OfNoSuchForm_IsMalformed(byte[] payload) =>
        Assert.That(() => new StringFormat().Read(payload), Throws.TypeOf<MalformedDataException>());

    [Test]
    public void Nullables_OfEveryKind_TellNullFromZero()
    {
        Exactly<int?>(null, 0, 5);
        Exactly<bool?>(null, false, true);
        Exactly<double?>(null, 0.0, double.NaN);
        Exactly<Guid?>(null, Guid.Empty);
        Exactly<DateTime?>(null, default(DateTime));
        Exactly<Small?>(null, Small.None);
        Exactly<(int, int)?>(null, (0, 0));
    }

    [TestCase(DateTimeKind.Unspecified)]
    [TestCase(DateTimeKind.Utc)]
    [TestCase(DateTimeKind.Local)]
    public void DateTime_ItsKind_IsKept(DateTimeKind kind)
    {
        var moment = new DateTime(2026, 10, 25, 2, 30, 0, 123, 456, kind).AddTicks(7);

        var there = Travel.Through(moment);

        Assert.That(there, Is.EqualTo(moment));
        Assert.That(there.Kind, Is.EqualTo(kind));
    }

    [Test]
    public void DatesAndTimes_AtTheirEnds_ComeThroughExactly()
    {
        Exactly(DateTime.MinValue, DateTime.MaxValue);
        Exactly(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromMinutes(-570)));
        Assert.That(
            Travel.Through(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.FromMinutes(-570))).Offset,
            Is.EqualTo(TimeSpan.FromMinutes(-570)));
        Exactly(TimeSpan.MinValue, TimeSpan.Zero, TimeSpan.MaxValue);
        Exactly(DateOnly.MinValue, DateOnly.MaxValue);
        Exactly(TimeOnly.MinValue, TimeOnly.MaxValue);
        Exactly(Guid.Empty, Guid.NewGuid());
    }

    [TestCase("")]
    [TestCase("plain")]
    [TestCase("Größe")]
    [TestCase("日本語")]
    [TestCase("a\0b\r\n")]
    [TestCase("\uFEFFmark")]
    [TestCase("😀 emoji")]
    public void String_OfAnyAlphabet_ComesThroughExactly(string value) => Assert.That(Travel.Through(value), Is.EqualTo(value));

    [Test]
    public void String_WithLoneSurrogates_IsNotMended()
    {
        foreach (var value in new[] { "\uD83D", "a\uDE00b", "\uDE00\uD83D", "\uD800\uD800" })
            Assert.That(string.CompareOrdinal(Travel.Through(value), value), Is.Zero);
    }

    [Test]
    public void String_ThatIsNull_IsNotEmpty()
    {
        Assert.That(Travel.Through<string?>(null), Is.Null);
        Assert.That(Travel.Through<string?>(""), Is.Not.Null.And.Empty);
    }

    [TestCase('x')]
    [TestCase('日')]
    public void String_OfAMillion_ComesThrough(char letter) =>
        Assert.That(Travel.Through(new string(letter, 1_000_000)) == new string(letter, 1_000_000), Is.True);

    private static void Exactly<T>(params T[] values)
    {
        foreach (var value in values)
        {
            Assert.That(Travel.Through(value), Is.EqualTo(value));
            Assert.That(Travel.Through(value, piece: 1), Is.EqualTo(value));
        }
    }
}
