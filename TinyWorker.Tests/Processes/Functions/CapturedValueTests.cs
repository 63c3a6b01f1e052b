using System.Collections.Immutable;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace TinyWorker.Tests.Processes.Functions;

/// <summary>A captured value arrives complete.</summary>
internal sealed partial class CapturedValueTests
{
    [TestCaseSource(nameof(Values))]
    public void Value_Captured_ArrivesAsACopyThatEqualsIt(object value)
    {
        var copy = Journey.Of(() => value)();
        Assert.That(copy, Is.TypeOf(value.GetType()));
        Assert.That(copy, Is.EqualTo(value).UsingPropertiesComparer());
        if (!value.GetType().IsValueType && value is not (string or Type or CultureInfo)) Assert.That(copy, Is.Not.SameAs(value));
    }

    [TestCaseSource(nameof(Numbers))]
    public void Number_Captured_ArrivesBitByBit(double value)
    {
        double[] array = [value];
        double[,] square = { { value, 1 }, { 2, value } };
        var record = new Weights("w", [value]);
        Assert.That(BitConverter.DoubleToInt64Bits(Journey.Of(() => array)()[0]), Is.EqualTo(BitConverter.DoubleToInt64Bits(value)));
        Assert.That(BitConverter.DoubleToInt64Bits(Journey.Of(() => square)()[1, 1]), Is.EqualTo(BitConverter.DoubleToInt64Bits(value)));
        Assert.That(Journey.Of(() => record)().Values[0].Equals(value), Is.True);
        Assert.That(double.IsNegative(Journey.Of(() => record)().Values[0]), Is.EqualTo(double.IsNegative(value)));
        Assert.That(Journey.Of(() => value)().Equals(value), Is.True);
        Assert.That(BitConverter.DoubleToInt64Bits(Journey.Of(() => value)()), Is.EqualTo(BitConverter.DoubleToInt64Bits(value)));
    }

    [Test]
    public void NumberThatIsNoNumber_CapturedOnItsOwn_KeepsItsBits()
    {
        var value = BitConverter.Int64BitsToDouble(0x7FF8_0000_0000_0001);
        double[] array = [value];
        Assert.That(BitConverter.DoubleToInt64Bits(Journey.Of(() => value)()), Is.EqualTo(0x7FF8_0000_0000_0001));
        Assert.That(BitConverter.DoubleToInt64Bits(Journey.Of(() => array)()[0]), Is.EqualTo(0x7FF8_0000_0000_0001));
    }

    [Test]
    public void Array_ThatDoesNotBeginAtZero_KeepsItsBounds()
    {
        var array = Array.CreateInstance(typeof(int), [2, 3], [1, -1]);
        array.SetValue(7, 2, 1);
        var line = Array.CreateInstance(typeof(int), [2], [5]);
        Assert.That(Journey.Of(() => array.GetValue(2, 1))(), Is.EqualTo(7));
        Assert.That(Journey.Of(() => (line.GetType(), line.GetLowerBound(0)))(), Is.EqualTo((line.GetType(), 5)));
    }

    [Test]
    public void NullsAndDefaults_Captured_Arrive()
    {
        string? text = null;
        int? number = null;
        CancellationToken none = default;
        Assert.That(Journey.Of(() => (text, number, none))(), Is.EqualTo((text, number, none)));
    }

    [Test]
    public void Collection_WithAComparerThatIsKnown_KeepsIt()
    {
        var set = new HashSet<string>(["a"], StringComparer.OrdinalIgnoreCase);
        var dictionary = new Dictionary<string, int>(StringComparer.InvariantCultureIgnoreCase) { ["b"] = 1 };
        var function = Journey.Of((string word) => (set.Contains(word), dictionary.ContainsKey(word)));
        Assert.That((function("A"), function("B")), Is.EqualTo(((true, false), (false, true))));
        Assert.That(Journey.Of(() => set.Comparer)(), Is.SameAs(StringComparer.OrdinalIgnoreCase));
    }

    [Test]
    public void Dictionary_WithKeysThatAreNoText_Arrives()
    {
        var dictionary = new Dictionary<(int, Point), Point[]> { [(1, new(2, 3))] = [new(4, 5)] };
        Assert.That(Journey.Of(() => dictionary[(1, new(2, 3))][0])(), Is.EqualTo(new Point(4, 5)));
    }

    [Test]
    public void CollectionExpression_BehindAnInterface_ArrivesAsAList()
    {
        IReadOnlyList<string> names = ["a", "b"];
        IEnumerable<int> one = [1];
        var menu = new Menu(["x", "y"], new Dictionary<string, int> { ["z"] = 1 });
        Assert.That(Journey.Of(() => names)(), Is.EqualTo(names));
        Assert.That(Journey.Of(() => one)(), Is.EqualTo(one));
        var array = menu with { Dishes = new[] { "x", "y" } };
        Assert.That(Journey.Of(() => menu.Dishes)(), Is.EqualTo(menu.Dishes));
        Assert.That(Journey.Of(() => array.Dishes)(), Is.EqualTo(array.Dishes));
    }

    [Test]
    public void Regex_Captured_KeepsPatternOptionsAndTimeout()
    {
        var regex = new Regex("a:b+", RegexOptions.IgnoreCase | RegexOptions.Compiled, TimeSpan.FromSeconds(2));
        var generated = Digits();
        var copy = Journey.Of(() => regex)();
        Assert.That((copy.ToString(), copy.Options, copy.MatchTimeout), Is.EqualTo((regex.ToString(), regex.Options, regex.MatchTimeout)));
        Assert.That(Journey.Of((string text) => generated.IsMatch(text))("12"), Is.True);
    }

    [Test]
    public void TypeWithAConverterOfItsOwn_IsTakenAtItsWord()
    {
        var celsius = new Celsius(20);
        Assert.That(Journey.Of(() => celsius.ToString())(), Is.EqualTo("20 C"));
    }

    [Test]
    public void MemberMarkedJsonIgnore_StaysBehind()
    {
        var cached = new Cached { Name = "abc" };
        Assert.That(cached.Length, Is.EqualTo(3));
        Assert.That(Journey.Of(() => cached.Length)(), Is.EqualTo(3));
    }

    [Test]
    public void PropertyOfAnInterfaceMarkedJsonIgnore_StaysBehind()
    {
        IHolds<string> holder = new Holder();
        holder.Held = "a";
        Assert.That(Journey.Of(() => holder.Held)(), Is.Null);
    }

    [Test]
    public void Variable_OfAnInterfaceOrObjectType_ArrivesAsTheTypeOfItsValue()
    {
        IShape shape = new Circle { Radius = 2 };
        object boxed = new Point(1, 2);
        Assert.That(Journey.Of(() => shape)(), Is.TypeOf<Circle>().With.Property(nameof(Circle.Radius)).EqualTo(2));
        Assert.That(Journey.Of(() => boxed)(), Is.EqualTo(boxed));
    }

    [Test]
    public void SubclassMarkedJsonDerivedType_InAListOfItsBase_Arrives()
    {
        List<Animal> animals = [new Dog("Rex"), new Animal()];
        var copy = Journey.Of(() => animals)();
        Assert.That(copy[0], Is.EqualTo(new Dog("Rex")));
    }

    private static IEnumerable<object> Values() =>
    [
        true, 'ß', (byte)1, (sbyte)-1, (short)-2, (ushort)2, -3, 3u, long.MinValue, ulong.MaxValue, 1.5f, 0.1, 1.10m,
        (Half)1.5, Int128.MinValue, UInt128.MaxValue,
        "", "\ud800", "a \0 \u1234 \ud83d\ude00", DayOfWeek.Friday, RegexOptions.Compiled | RegexOptions.ECMAScript, Guid.NewGuid(),
        BigInteger.Pow(7, 99),
        new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Unspecified), DateTime.MaxValue,
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)), TimeSpan.FromTicks(-1), new DateOnly(2026, 1, 2),
        new TimeOnly(3, 4, 5, 6),
        new Uri("https://example.org/a?b#c"), new Uri("a/b", UriKind.Relative), new Version(1, 2, 3), CultureInfo.GetCultureInfo(""),
        typeof(string), typeof(Dictionary<,>), typeof(List<Point[]>),
        new byte[] { 1, 2 }, Array.Empty<int>(), new[] { true, false },
        new[] { 'a', '\ud800' }, new[] { 0.1f }, new[] { "a", null }, new[] { DayOfWeek.Friday },
        new[] { new Point(1, 2) },
        new int[2, 3, 1], new int[][] { [1], [] }, new[] { 1.10m }, new[] { (int?)null, 1 },
        new List<int> { 1 }, new List<List<string>> { new() { "a" } }, new Queue<int>([1, 2]), new LinkedList<int>([1, 2]),
        new HashSet<int> { 3, 1 }, new Dictionary<string, int> { ["a"] = 1 }, new Dictionary<int, List<Point>> { [1] = [new(1, 2)] },
        new SortedDictionary<string, int> { ["b"] = 1, ["a"] = 2 }, new SortedSet<int> { 2, 1 },
        new SortedList<int, string> { [2] = "b", [1] = "a" },
        ImmutableArray.Create(1, 2), ImmutableList.Create("a"), ImmutableHashSet.Create("a", "b"),
        ImmutableDictionary<string, int>.Empty.Add("a", 1),
        (1, "a"), (A: 1, B: (2, new[] { 3 })), Tuple.Create(1, "a"), new KeyValuePair<string, int>("a", 1), new { Name = "a", Size = 1 },
        (1, 2, 3, 4, 5, 6, 7, 8, 9), new Point(1, 2), new Pair { First = 1, Second = 2 }, new Person("Ann", new(1, 2)) { Tags = { "x" } },
        new WorkerInfo("t", 0, 1, 0),
        new List<string> { "\ud800", "a\udfff\ud800" }, new List<object> { 1, "a", 2.5m }, new Stack<int>([1, 2]), new OwnList { 1 },
        System.Net.IPAddress.Parse("fe80::1%3"), new Complex[,] { { new(1, 2) } },
        new Weights("w", [1, 2]), new Settings { Root = "/", Depth = 3, Parent = new() { Root = ".." } },
    ];

    private static double[] Numbers() =>
        [double.NaN, -0.0, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, 0.1, double.MaxValue];

    [GeneratedRegex("^[0-9]+$")]
    private static partial Regex Digits();

    internal interface IShape;

    internal readonly record struct Point(int X, int Y);

    internal sealed record Weights(string Name, double[] Values);

    internal sealed record Menu(IReadOnlyList<string> Dishes, IReadOnlyDictionary<string, int> Prices);

    internal record struct Pair
    {
        public int First;
        public int Second;

        public readonly int Sum => First + Second;
    }

    internal sealed record Person(string Name, Point Home)
    {
        public List<string> Tags { get; init; } = [];
    }

    internal sealed class Settings
    {
        public required string Root { get; init; }

        public int Depth { get; set; }

        public Settings? Parent { get; set; }
    }

    internal sealed class Circle : IShape
    {
        public int Radius { get; set; }
    }

    internal interface IHolds<T>
    {
        T? Held { get; set; }
    }

    internal sealed class Holder : IHolds<string>
    {
        [JsonIgnore]
        string? IHolds<string>.Held { get; set; }
    }

    internal sealed class OwnList : List<int>;

    [JsonDerivedType(typeof(Animal), "animal")]
    [JsonDerivedType(typeof(Dog), "dog")]
    internal record Animal;

    internal sealed record Dog(string Name) : Animal;

    internal sealed class Cached
    {
        [JsonIgnore]
        private int? _length;

        public required string Name { get; init; }

        public int Length => _length ??= Name.Length;
    }

    [JsonConverter(typeof(CelsiusConverter))]
    internal sealed class Celsius(int degrees)
    {
        private readonly int _degrees = degrees;

        public override string ToString() => $"{_degrees} C";
    }

    internal sealed class CelsiusConverter : JsonConverter<Celsius>
    {
        public override Celsius Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(int.Parse(reader.GetString()!.Split(' ')[0]));

        public override void Write(Utf8JsonWriter writer, Celsius value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
