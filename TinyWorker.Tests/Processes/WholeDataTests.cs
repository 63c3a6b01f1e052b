using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;
using TinyWorker.Processes.Data;
using TinyWorker.Processes.Functions;

namespace TinyWorker.Tests.Processes;

/// <summary>
/// What System.Text.Json writes arrives whole, or is refused with an error that names the type, the member, and what to do. Each case is a
/// kind of loss.
/// </summary>
internal sealed class WholeDataTests
{
    [TestCaseSource(nameof(CarriedCases))]
    public void Value_ThatCanBeCarried_ArrivesWhole(Carried value) => value.Check();

    [TestCaseSource(nameof(RefusedCases))]
    public void Value_ThatWouldBeDamaged_IsRefusedByName(Refused value) => value.Check();

    [TestCaseSource(nameof(RefusedTypes))]
    public void Type_OfWhichNoValueIsWhole_IsRefusedWhenTheTroupeIsMade(Type type, string[] words)
    {
        var reason = new JsonPayloadSerializer().WhyNot(type);
        Assert.That(reason, Is.Not.Null, type.ToString());
        foreach (var word in words) Assert.That(reason, Does.Contain(word));
    }

    [TestCaseSource(nameof(AcceptedTypes))]
    public void Type_OfWhichSomeValuesAreWhole_IsAccepted(Type type) => Assert.That(new JsonPayloadSerializer().WhyNot(type), Is.Null);

    [Test]
    public void Troupe_WhoseInputOrResultTypeLosesSomething_IsRefusedWithTheMember()
    {
        Assert.That(
            () => new TinyTroupe<Account, int>(_ => 1, new ProcessTroupeOptions { Workers = 1 }),
            Throws.ArgumentException
                .With.Message.StartsWith("Inputs of type WholeDataTests.Account cannot go to another process whole: its Balance")
                .And.Message.Contains("[JsonIgnore]").And.Message.Contains("ProcessTroupeOptions.Serializer"));
        Assert.That(
            () => new TinyTroupe<int, List<Holder<Account>>>(_ => [], new ProcessTroupeOptions { Workers = 1 }),
            Throws.ArgumentException.With.Message.StartsWith("Results of type List<WholeDataTests.Holder<WholeDataTests.Account>> cannot")
                .And.Message.Contains("its Balance"));
    }

    [Test]
    public void Refusal_OfOneValue_LeavesTheNextOnesAlone()
    {
        var json = new JsonPayloadSerializer();
        for (var i = 0; i < 3; i++)
        {
            Assert.That(() => Travel.Through(new List<Animal> { new Cat() }, json), Throws.TypeOf<NotSupportedException>());
            Assert.That(() => Travel.Through(Counter.At(3), json), Throws.TypeOf<NotSupportedException>());
            Assert.That(Travel.Through(new List<Animal> { new() { Name = "a" } }, json)![0].Name, Is.EqualTo("a"));
            Assert.That(Travel.Through(new Renamed("b"), json)!.Name, Is.EqualTo("b"));
        }
    }

    [Test]
    public void Code_OfAValueThatThrowsWhenItIsRead_IsNamedWithItsType() =>
        Assert.That(
            () => new JsonPayloadSerializer().Deserialize<Picky>("""{"Name":""}"""u8.ToArray()),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("WholeDataTests.Picky").And.Message.Contains("no name"));

    [Test]
    public void Serializer_OfTheUsersOptions_IsHeldToTheSameRule()
    {
        var json = new JsonPayloadSerializer(new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower });
        Assert.That(() => Travel.Through(new List<Animal> { new Cat() }, json), Throws.TypeOf<NotSupportedException>());
        Assert.That(json.WhyNot(typeof(Account)), Does.Contain("its Balance"));
        Assert.That(Travel.Through(new Animal { Name = "a" }, json)!.Name, Is.EqualTo("a"));
        Assert.That(Travel.Through(new Stack<int>([1, 2]), json), Is.EqualTo(new Stack<int>([1, 2])));
    }

    private static IEnumerable<Carried> CarriedCases() =>
    [
        Whole(new Stack<int>([1, 2, 3])), Whole(new Stack<string>(["a", "\ud800"])), Whole(ImmutableStack.Create(1, 2, 3)),
        Whole<string[]>(["\ud800", "a\udc00b", "\ud83d\ude00", "", null!, "\udc00\ud800"]), Whole(new Text("\udfff")),
        Whole(new Dictionary<string, string> { ["\ud800"] = "\ud801" }), Whole<char[]>(['a', '\ud800']), Whole(new Box<char>('\ud800')),
        Whole(BigInteger.Pow(7, 99)), Whole(new Box<BigInteger>(-5)), Whole(new int[2, 3] { { 1, 2, 3 }, { 4, 5, 6 } }),
        Whole(new string?[,] { { "a", null } }), Whole(new Complex(1, -2)), Whole(new Box<Complex>(new(1, -2))),
        Whole(new Box<Vector3>(new(1, 2, 3))), Whole(new Box<Rune>(new('a'))), Whole(new Box<Range>(1..^2)),
        Whole(new Box<double>(double.NaN)), Whole(new Box<double>(double.NegativeInfinity)), Whole(new Box<float>(-0f)),
        Whole(new Box<decimal>(1.10m)), Whole(new Box<DateTime>(new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc))),
        Whole(new Box<DateTimeOffset>(new(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(5.5)))), Whole(new Box<TimeSpan>(TimeSpan.FromTicks(-1))),
        Whole(new Box<Int128>(Int128.MinValue)), Whole(new Box<int?>(null)), Whole(new Box<DayOfWeek>((DayOfWeek)77)),
        Whole(IPAddress.Parse("fe80::1%3")), Whole(IPAddress.Loopback), Whole(new IPEndPoint(IPAddress.Loopback, 80)),
        Whole(new Box<Uri>(new("a/b", UriKind.Relative))), Whole(new Box<Version>(new(1, 2))),
        Whole(new Box<CultureInfo>(CultureInfo.InvariantCulture)),
        Whole(new HashSet<string>(["a"], StringComparer.OrdinalIgnoreCase), set => set.Comparer == StringComparer.OrdinalIgnoreCase),
        Whole(
            new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["a"] = 1 },
            dictionary => dictionary.Comparer == StringComparer.OrdinalIgnoreCase),
        Whole<IReadOnlyDictionary<string, int>>(
            new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase) { ["a"] = 1 }, dictionary => dictionary.ContainsKey("A")),
        Whole<ISet<string>>(new HashSet<string>(["a"], StringComparer.OrdinalIgnoreCase), set => set.Contains("A")),
        Whole(new Dictionary<(int, string), Point> { [(1, "a")] = new(1, 2) }),
        Whole(new Dictionary<DayOfWeek, int> { [DayOfWeek.Friday] = 1 }),
        Whole<IEnumerable<int>>(Enumerable.Range(0, 3).Select(x => x * x)), Whole<IReadOnlyList<string>>(["a", "b"]),
        Whole<IEnumerable<int>>(new[] { 1, 2 }), Whole<IList<int>>(new ReadOnlyCollection<int>([1])), Whole<int[][]>([[1], []]),
        Whole(new Queue<int>([1, 2])), Whole(new LinkedList<int>([1, 2])), Whole(new SortedSet<int> { 2, 1 }),
        Whole(new SortedDictionary<string, int> { ["b"] = 1, ["a"] = 2 }), Whole(ImmutableArray.Create(1, 2)),
        Whole(ImmutableList.Create("a")),
        Whole(new OwnList { 1, 2 }), Whole(new Bag { 3, 4 }), Whole(new ObservableCollection<int> { 1 }),
        Whole<object>(5), Whole<object>("a"), Whole<object>(1.5m), Whole<object>(new DateOnly(2026, 1, 2)), Whole<object>('\ud800'),
        Whole(new object?[] { 1, "a", null, 2.5, new object[] { true } }),
        Whole(new Dictionary<string, object> { ["a"] = 1, ["b"] = new List<object> { "c" } }),
        Whole(new Point(1, 2)), Whole(new Person("Ann", "Lee")), Whole(new Circle(2)), Whole(new WithIgnored { Name = "a" }),
        Whole(new Trivial { Number = 3 }), Whole(new Notifying { Number = 3 }), Whole(new Constant { Number = 1 }), Whole(new Renamed("x")),
        Whole(new ByConverter(7)), Whole(new Included(4)), Whole(new Populated { Items = { 1 } }), Whole(new Required { Name = "a" }),
        Whole(
            new Extended { More = new() { ["x"] = JsonDocument.Parse("[1]").RootElement } },
            back => back.More!["x"].GetArrayLength() == 1),
        Whole(new { Name = "a", Size = 1 }), Whole((1, "a", new Point(1, 2))), Whole(Tuple.Create(1, "a")),
        Whole(new System.Drawing.Point(1, 2)),
        Whole<Shape>(new Square { Side = 2 }, shape => shape is Square { Side: 2 }),
        Whole<List<Shape>>([new Square { Side = 2 }], list => list[0] is Square),
        Whole(new StringBuilder("abc"), builder => builder.ToString() == "abc"),
        Whole(new Box<Regex>(new("a+")), box => box.Value.IsMatch("aa")),
        Whole(JsonDocument.Parse("{}").RootElement, element => element.ValueKind == JsonValueKind.Object), Whole(new Box<byte[]>([1, 2])),
        Whole(new Box<double[]>([1, double.NaN])), Whole(new Outer(new("a"), [new("b")])), Whole(TimeZoneInfo.Utc),
        Whole(ListModule.OfSeq([1, 2])), Whole(FSharpOption<string>.Some("a")), Whole(new FSharpMap<string, int>([Tuple.Create("a", 1)])),
        Whole(SetModule.OfSeq(["a", "b"])), Whole(new Box<FSharpOption<int>>(FSharpOption<int>.None)),
        Whole<Pet>(new Dog { Name = "a", Tricks = 2 }, pet => pet is Dog { Tricks: 2 }), Whole<Pet>(new Pet { Name = "a" }),
        Whole(new Wide<int>(1)), Whole(new Readonly(3)), Whole(new Shadow { Name = "a" }),
        Whole(new Split { First = "Ann", Last = "Lee" }), Whole(new Kelvin(300)), Whole(new Trimmed { Text = "a" }),
        Whole(new Hashed("a", "")), Whole(new BaseRecord(1, "a")), Whole(new DerivedRecord(1, "a") { Extra = 7 }),
        Whole<(int, string)?>((1, "a")), Whole<(int, string)?>(null), Whole<Mention?>(new Mention(1, "a")), Whole<Mention?>(null),
        Whole<KeyValuePair<int, string>?>(new(1, "a")), Whole<List<Mention?>>([new Mention(1, "a"), null]),
        Whole<Mention?[]>([new Mention(1, "a"), null]), Whole(new Box<(int, int)?>((1, 2))),
        Whole(new Holder<KeyValuePair<int, string>?> { Value = new(1, "a") }), Whole(new Dictionary<int, Mention?> { [1] = null }),
        Whole<Cleaned?>(new Cleaned { Text = "a" }), Whole<List<Cleaned?>>([new Cleaned { Text = "a" }, null]),
        Whole(new Box<decimal>(MinusZero), back => IsMinusZero(back.Value)),
        Whole(new List<decimal?> { MinusZero, null, -3, 1.50m }, back => IsMinusZero(back[0]!.Value) && back[3]!.Value.Scale == 2),
        Whole(new Dictionary<decimal, int> { [MinusZero] = 1 }, back => IsMinusZero(back.Keys.Single())),
        Whole(new SortedDictionary<decimal, int> { [MinusZero] = 1 }, back => IsMinusZero(back.Keys.Single())),
        Whole<object>(MinusZero, back => IsMinusZero((decimal)back)),
        Whole(new Texts { Number = 1, Price = 2.5m, Prices = [1.5m], Numbers = [1], Named = { ["a"] = 1 }, Many = [2] }),
        Whole(new AllTexts { Number = 1, Size = 2.5 }),
        Whole<SelfNamed>(new SelfNamed { Number = 1 }), Whole(new Box<byte[]>([])),
    ];

    private static IEnumerable<Refused> RefusedCases() =>
    [
        Damaged<Animal>(new Cat(), "it is a WholeDataTests.Cat, and would come back as a WholeDataTests.Animal", "[JsonDerivedType]"),
        Damaged<List<Animal>>([new Animal(), new Cat()], "WholeDataTests.Cat"), Damaged<Animal[]>(new Cat[1], "WholeDataTests.Cat[]"),
        Damaged(new Holder<Animal> { Value = new Cat() }, "its Value: it is a WholeDataTests.Cat"),
        Damaged(new Dictionary<int, Animal> { [1] = new Cat() }, "WholeDataTests.Cat"),
        Damaged<(int, Animal)>((1, new Cat()), "WholeDataTests.Cat"),
        Damaged<List<int>>(new OwnList { 1 }, "would come back as a List<Int32>"),
        Damaged<Pet>(new Cur { Name = "a" }, "WholeDataTests+Cur"),
        Damaged<object>(new Point(1, 2), "WholeDataTests.Point in a place of type Object"), Damaged<object>(DayOfWeek.Friday, "DayOfWeek"),
        Damaged<object[]>(["a", new Animal()], "WholeDataTests.Animal"), Damaged<Animal[][]>([new Cat[1]], "WholeDataTests.Cat[]"),
        Damaged<object[]>(new string[] { "a" }, "would come back as a Object[]"),
        Damaged(new HashSet<int>(new Parity()), "it compares with a WholeDataTests.Parity"),
        Damaged(new Dictionary<int, int>(new Parity()), "WholeDataTests.Parity"),
        Damaged(new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase), "it compares with"),
        Damaged(new SortedSet<string>(StringComparer.OrdinalIgnoreCase), "it compares with"),
        Damaged(ImmutableDictionary.Create<string, int>(StringComparer.OrdinalIgnoreCase), "it compares with"),
        Damaged<IDictionary<string, int>>(new SortedDictionary<string, int>(), "would come back as a Dictionary"),
        Damaged<IEnumerable<int>>(new HashSet<int> { 1 }, "would come back as a List"),
        Damaged<IEnumerable<int>>(new Bag { 1 }, "WholeDataTests.Bag"),
        Damaged<ISet<int>>(new SortedSet<int>(), "SortedSet"),
        Damaged(Counter.At(3), "would lose the value of its _count"), Damaged(new NamedList { Name = "a" }, "the value of its Name"),
        Damaged(new Stamped(), "its Created"), Damaged(Polite.Nobody(), "its _name"),
        Damaged(new Holder<Counter> { Value = Counter.At(3) }, "its Value: System.Text.Json would lose the value of its _count"),
        Damaged(new SortedDictionary<string, int> { ["\ud800"] = 1 }, "surrogate"),
        Damaged(new Box<CultureInfo>((CultureInfo)CultureInfo.InvariantCulture.Clone()), "GetCultureInfo"),
        Damaged(new Box<CancellationToken>(new CancellationTokenSource().Token), "token"),
        Damaged(Loop(), "WholeDataTests.Node", "cycle"),
        Damaged(new Split { First = "Ann Marie", Last = "Lee" }, "the value of its First"),
        Damaged(new Kelvin(0.1), "its Degrees"), Damaged(new Trimmed().Set(" a "), "the value of its Text"),
        Damaged(new Hashed("a", "b"), "the value of its Password"), Damaged(new Swapped(1, 2), "the value of its Left"),
        Damaged(new DerivedHashed("a", "b"), "the value of its Password"), Damaged(new Added { Number = 1 }, "the value of its Number"),
        Damaged(new Summed { Number = 1 }, "the value of its Number"), Damaged(new PopulatedAnew { Items = [2] }, "of its Items"),
        Damaged(new PopulatedType { Items = [2] }, "of its Items"),
        Damaged<Cleaned?>(new Cleaned().Set(" a "), "the value of its _text"),
        Damaged<List<Cleaned?>>([new Cleaned().Set(" a ")], "the value of its _text"),
        Damaged(new Box<Cleaned?>(new Cleaned().Set(" a ")), "the value of its _text"),
        Damaged<SelfNamed>(new SelfNamedChild(), "SelfNamedChild"),
        Damaged<int[]>((int[])(object)new uint[] { 1 }, "UInt32[]", "Int32[]"),
        Damaged<DayOfWeek[]>((DayOfWeek[])(object)new int[] { 1 }, "Int32[]", "DayOfWeek[]"),
        Damaged<byte[]>((byte[])(object)new sbyte[] { 1 }, "SByte[]"), Damaged(new Box<int[]>((int[])(object)new uint[1]), "a UInt32[]"),
        Damaged(new Box<byte[]>((byte[])(object)new sbyte[1]), "a SByte[]"), Damaged<int[][]>([(int[])(object)new uint[1]], "a UInt32[]"),
        Damaged<int[][]>((int[][])(object)new uint[1][], "UInt32[][]"), Damaged<int[,]>((int[,])(object)new uint[1, 1], "a UInt32[,]"),
    ];

    private static IEnumerable<TestCaseData> RefusedTypes() =>
    [
        Type<Account>("its Balance (Int32)", "setter"), Type<Box<Account>>("its Value (WholeDataTests.Account)", "its Balance"),
        Type<List<Account>>("its Balance"), Type<Dictionary<string, Account[]>>("its Balance"), Type<Stack<Account>>("its Balance"),
        Type<Account[,]>("its Balance"), Type<(int, Account)>("its Balance"),
        Type<GetOnlyList>("its Items (List<Int32>)"), Type<IShape>("an interface", "[JsonDerivedType]"),
        Type<AbstractShape>("an abstract class"),
        Type<List<IShape>>("an interface"), Type<Stream>("a stream"), Type<MemoryStream>("of .NET"), Type<HttpClient>(".NET"),
        Type<Action>("function"),
        Type<Box<Func<int>>>("function"), Type<Type>("name"), Type<nint>("pointer"), Type<Box<nint>>("its Value (IntPtr)", "pointer"),
        Type<Task<int>>(".NET"), Type<Lazy<int>>(".NET"), Type<Encoding>("Preamble"), Type<Box<Exception>>(".NET"), Type<Failure[]>(""),
        Type<ConcurrentDictionary<string, int>>("Dictionary"), Type<ConcurrentStack<int>>("List"), Type<BlockingCollection<int>>(""),
        Type<ReadOnlyCollection<int>>("array"), Type<ILookup<int, int>>(""), Type<IAsyncEnumerable<int>>(""), Type<ArraySegment<int>>(""),
        Type<Many>("constructor"), Type<Misnamed>("the parameter 'surname'"), Type<Hidden>("System.Text.Json"),
        Type<PublicFields>("its Number"), Type<Unnamed>("WholeDataTests.UnnamedDerived", "no discriminator"),
        Type<List<Unnamed>>("no discriminator"), Type<Account?[]>("its Balance"), Type<Ledger?>("its Account", "its Balance"),
        Type<List<Ledger?>>("its Balance"), Type<(int, Account)?>("its Balance"),
    ];

    private static IEnumerable<Type> AcceptedTypes() =>
    [
        typeof(Point), typeof(Person), typeof(List<Person>), typeof(object), typeof(object[]), typeof(Shape), typeof(IEnumerable<int>),
        typeof(Counter), typeof(Circle), typeof(Constant), typeof(ByConverter), typeof(WithIgnored), typeof(Tree),
        typeof(Dictionary<string, Tree>),
        typeof(JsonElement), typeof(System.Text.Json.Nodes.JsonNode), typeof(Memory<int>), typeof(int?[]), typeof(Extended),
        typeof(Nothing),
    ];

    [TestCaseSource(nameof(FastCases))]
    public void Type_WhoseMembersOnlyKeepTheirValues_IsNotCopiedToBeCompared(Type type)
    {
        var options = new JsonSerializerOptions { IncludeFields = true, TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
        ObjectRules.WhyNot(options.GetTypeInfo(type), out var mustBeInspected);
        Assert.That(mustBeInspected, Is.False);
    }

    private static IEnumerable<Type> FastCases() =>
    [
        typeof(Point), typeof(Person), typeof(Text), typeof(Outer), typeof(Wide<int>), typeof(Wide<string>), typeof(Box<List<int>>),
        typeof(Required), typeof(Tree), typeof(Trivial), typeof(Included), typeof(Shadow), typeof(Animal), typeof(Cat), typeof(Readonly),
        typeof(WithIgnored), typeof(DerivedRecord), typeof(DerivedWide), typeof(Mention), typeof(RecordWithList), typeof(Texts),
        new { Name = "a", Size = 1 }.GetType(), typeof(Node), typeof(Deep), typeof(Checked),
    ];

    [Test]
    public void Options_ThatLeaveOutOrAdd_AreNoticed()
    {
        var readOnly = new JsonPayloadSerializer(new JsonSerializerOptions { IgnoreReadOnlyProperties = true });
        Assert.That(Travel.Through(new Text("a"), readOnly), Is.EqualTo(new Text("a")));
        AssertDamaged(new GetOnly("a"), new() { IgnoreReadOnlyProperties = true });
        AssertDamaged(Tuple.Create(1, "a"), new() { IgnoreReadOnlyProperties = true });
        AssertDamaged(new ListHolder { Items = [2] }, new() { PreferredObjectCreationHandling = JsonObjectCreationHandling.Populate });
        AssertDamaged(Loop(), new() { ReferenceHandler = ReferenceHandler.IgnoreCycles });
        AssertDamaged(new NodeList { Nodes = { null! } }.Closed(), new() { ReferenceHandler = ReferenceHandler.IgnoreCycles });
        var texts = new JsonPayloadSerializer(new JsonSerializerOptions { NumberHandling = JsonNumberHandling.WriteAsString });
        Assert.That(Travel.Through(new Box<int>(5), texts), Is.EqualTo(new Box<int>(5)));
        Assert.That(Travel.Through(new List<double> { 2.5 }, texts), Is.EqualTo(new[] { 2.5 }));

        var captured = CapturedData.Write(new Texts { Number = 1, Price = MinusZero }, typeof(Texts), out var reason);
        Assert.That(captured, Is.Not.Null, reason);
        Assert.That(IsMinusZero(((Texts)CapturedData.Read(captured!, typeof(Texts))).Price), Is.True);

        static void AssertDamaged<T>(T value, JsonSerializerOptions options) => Assert.That(
            () => Travel.Through(value, new JsonPayloadSerializer(options)),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains(typeof(T).Name.Split('`')[0]));
    }

    private static readonly decimal MinusZero = new(0, 0, 0, isNegative: true, 1);

    private static bool IsMinusZero(decimal value) => decimal.GetBits(value).SequenceEqual(decimal.GetBits(MinusZero));

    private static Carried Whole<T>(T value, Func<T, bool>? isWhole = null) => new Carried<T>(value, isWhole);

    private static Refused Damaged<T>(T value, params string[] words) => new Refused<T>(value, words);

    private static TestCaseData Type<T>(params string[] words) =>
        new TestCaseData(typeof(T), words).SetArgDisplayNames(typeof(T).ToString());

    private static Node Loop()
    {
        var node = new Node();
        node.Next = node;
        return node;
    }

    internal abstract class Carried
    {
        public abstract void Check();
    }

    internal abstract class Refused
    {
        public abstract void Check();
    }

    private sealed class Carried<T>(T value, Func<T, bool>? isWhole) : Carried
    {
        public override void Check()
        {
            Assert.That(new JsonPayloadSerializer().WhyNot(typeof(T)), Is.Null);
            var back = Travel.Through(value);
            if (isWhole is not null) Assert.That(isWhole(back), Is.True);
            else Assert.That(back, Is.EqualTo(value).UsingPropertiesComparer());
            if (typeof(T) == typeof(object)) Assert.That(back, Is.TypeOf(value!.GetType()));
        }

        public override string ToString() => $"{typeof(T)}: {value}";
    }

    private sealed class Refused<T>(T value, string[] words) : Refused
    {
        public override void Check()
        {
            Assert.That(new JsonPayloadSerializer().WhyNot(typeof(T)), Is.Null, "only the value tells");
            var refusal = Assert.Throws<NotSupportedException>(() => Travel.Through(value))!;
            Assert.That(refusal.Message, Does.StartWith("A value of type "));
            foreach (var word in words) Assert.That(refusal.Message, Does.Contain(word));
        }

        public override string ToString() => $"{typeof(T)}: {value}";
    }

    internal class Animal
    {
        public string? Name { get; set; }
    }

    internal sealed class Cat : Animal
    {
        public int Lives { get; set; } = 9;
    }

    [JsonDerivedType(typeof(Pet), "pet")]
    [JsonDerivedType(typeof(Dog), "dog")]
    internal class Pet
    {
        public string? Name { get; set; }
    }

    internal class Dog : Pet
    {
        public int Tricks { get; set; }
    }

    internal sealed class Cur : Dog;

    internal sealed class Account
    {
        public string? Owner { get; set; }

        public int Balance { get; private set; }
    }

    internal sealed class GetOnlyList
    {
        public List<int> Items { get; } = [];
    }

    internal sealed class PublicFields
    {
        public readonly int Number;

        public PublicFields()
        {
        }

        public PublicFields(int number) => Number = number;
    }

    internal sealed class Holder<T>
    {
        public T? Value { get; set; }
    }

    internal sealed record Box<T>(T Value);

    internal sealed record Wide<T>(T Value)
    {
        public string Twice => $"{Value}{Value}";
    }

    internal sealed record Text(string Value);

    internal readonly record struct Point(int X, int Y);

    internal sealed record Person(string First, string Last)
    {
        public string FullName => First + " " + Last;
    }

    internal sealed record Circle(double Radius)
    {
        public double Area { get; } = Math.PI * Radius * Radius;
    }

    internal sealed record Renamed([property: JsonPropertyName("n")] string Name);

    internal sealed record Outer(Text One, List<Text> Many);

    internal sealed class Readonly(int number)
    {
        public int Number => number;
    }

    internal class ShadowBase
    {
        public string? Inherited { get; init; } = "b";
    }

    internal sealed class Shadow : ShadowBase
    {
        public string? Name { get; set; }
    }

    internal sealed class Nothing;

    internal sealed class WithIgnored
    {
        [JsonIgnore]
        private readonly object _lock = new();

        public string? Name { get; set; }

        [JsonIgnore]
        public int Length { get => _lock is null ? 0 : Name!.Length; private set => _ = value; }
    }

    internal sealed class Trivial
    {
        private int _number;

        public int Number
        {
            get { return _number; }
            set { _number = value; }
        }
    }

    internal sealed class Notifying
    {
        private int _number;

        public event Action? Changed;

        public int Number
        {
            get => _number;
            set
            {
                _number = value;
                Changed?.Invoke();
            }
        }
    }

    internal sealed class Constant
    {
        public string Kind { get; } = "constant";

        public int Number { get; set; }
    }

    internal sealed class Stamped
    {
        public Guid Created { get; } = Guid.NewGuid();

        public int Number { get; set; }
    }

    internal sealed class Included
    {
        [JsonConstructor]
        private Included()
        {
        }

        public Included(int number) => Number = number;

        [JsonInclude]
        public int Number { get; private set; }
    }

    internal sealed class Populated
    {
        [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
        public List<int> Items { get; } = [];
    }

    internal sealed class Required
    {
        public required string Name { get; init; }
    }

    internal sealed class Extended
    {
        [JsonExtensionData]
        public Dictionary<string, JsonElement>? More { get; set; }
    }

    internal sealed class Tree
    {
        public List<Tree> Children { get; set; } = [];
    }

    internal sealed class Node
    {
        public Node? Next { get; set; }
    }

    internal sealed class OwnList : List<int>;

    internal sealed class NamedList : List<int>
    {
        public string? Name { get; set; }
    }

    internal sealed class Bag : ICollection<int>
    {
        private readonly List<int> _items = [];

        public int Count => _items.Count;

        public bool IsReadOnly => false;

        public void Add(int item) => _items.Add(item);

        public void Clear() => _items.Clear();

        public bool Contains(int item) => _items.Contains(item);

        public void CopyTo(int[] array, int arrayIndex) => _items.CopyTo(array, arrayIndex);

        public bool Remove(int item) => _items.Remove(item);

        public IEnumerator<int> GetEnumerator() => _items.GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }

    internal sealed class Counter
    {
        private int _count;

        public string Name { get; set; } = "";

        public static Counter At(int count) => new() { _count = count };

        public int Next() => ++_count;
    }

    internal sealed class Polite
    {
        private string? _name = "nobody";

        public string? Name { get => _name; set => _name = value ?? "nobody"; }

        public static Polite Nobody() => new() { _name = null };
    }

    internal sealed class Many
    {
        public Many(int number) => Number = number;

        public Many(string text) => Number = text.Length;

        public int Number { get; }
    }

    internal sealed class Misnamed(string name, string surname)
    {
        public string Name { get; } = name;

        public string FamilyName { get; } = surname;
    }

    internal sealed class Picky
    {
        public required string Name { get; init => field = value.Length > 0 ? value : throw new FormatException("no name"); }
    }

    internal sealed class Hidden(int secret)
    {
        public override string ToString() => $"{secret}";
    }

    internal sealed class Failure(string message) : Exception(message);

    internal interface IShape;

    internal abstract class AbstractShape;

    [JsonDerivedType(typeof(Square), "square")]
    internal abstract class Shape;

    internal sealed class Square : Shape
    {
        public int Side { get; set; }
    }

    internal sealed class Parity : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => x % 2 == y % 2;

        public int GetHashCode(int obj) => obj % 2;
    }

    internal sealed class Split
    {
        public string First { get; set; } = "";

        public string Last { get; set; } = "";

        public string Full
        {
            get => First + " " + Last;
            set
            {
                var parts = value.Split(' ', 2);
                (First, Last) = (parts[0], parts[1]);
            }
        }
    }

    internal sealed record Kelvin(double Degrees)
    {
        public double Celsius { get => Degrees - 273.15; init => Degrees = value + 273.15; }
    }

    internal sealed class Trimmed
    {
        public string Text { get; set => field = value.Trim(); } = "";

        public Trimmed Set(string text)
        {
            typeof(Trimmed).GetField("<Text>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(this, text);
            return this;
        }
    }

    internal sealed class Added
    {
        public int Number { get => field + 1; set; }
    }

    internal sealed class Summed
    {
        private int _sum;

        public int Number { get; set; }

        public int Sum
        {
            get => _sum;
            set
            {
                _sum = value;
                Number++;
            }
        }
    }

    internal class Hashed(string name, string password)
    {
        public string Name { get; } = name;

        public string Password { get; } = password.Length == 0 ? "" : password + "#";
    }

    internal sealed class DerivedHashed(string name, string password) : Hashed(name, password);

    internal sealed class Swapped
    {
        public Swapped(int left, int right)
        {
            Left = right;
            Right = left;
        }

        public int Left { get; }

        public int Right { get; }
    }

    internal record BaseRecord(int Number, string Kind);

    internal sealed record DerivedRecord(int Number, string Name) : BaseRecord(Number, "derived")
    {
        public int Extra { get; init; } = 5;
    }

    internal record BaseWide<T>(T Value, List<T> Values);

    internal sealed record DerivedWide(string Value, List<string> Values, int A, int B, int C) : BaseWide<string>(Value, Values);

    internal sealed record RecordWithList(int Number)
    {
        public List<int> Items { get; set; } = [];

        public string Text { get; set; } = "";
    }

    internal sealed class Checked
    {
        public Checked(string name, int number)
        {
            ArgumentException.ThrowIfNullOrEmpty(name);
            ArgumentOutOfRangeException.ThrowIfNegative(number);
            Name = name;
            Number = number;
        }

        public string Name { get; }

        public int Number { get; }
    }

    internal sealed record Deep(Deep? Inner, long Number, double Size, Point Place, Point? Other);

    internal sealed class GetOnly(string name)
    {
        public string Name { get; } = name;
    }

    internal readonly record struct Mention(int Number, string Name);

    internal readonly record struct Ledger(Account Account);

    internal struct Cleaned
    {
        private string? _text;

        public string? Text { readonly get => _text; set => _text = value?.Trim(); }

        public Cleaned Set(string text)
        {
            _text = text;
            return this;
        }
    }

    internal sealed class PopulatedAnew
    {
        [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
        public List<int> Items { get; set; } = [1];
    }

    [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
    internal sealed class PopulatedType
    {
        public List<int> Items { get; set; } = [1];
    }

    internal sealed class ListHolder
    {
        public List<int> Items { get; set; } = [1];
    }

    internal sealed class NodeList
    {
        public List<NodeList> Nodes { get; set; } = [];

        public NodeList Closed()
        {
            Nodes[0] = this;
            return this;
        }
    }

    [JsonDerivedType(typeof(UnnamedDerived))]
    internal class Unnamed
    {
        public int Number { get; set; }
    }

    internal sealed class UnnamedDerived : Unnamed
    {
        public int More { get; set; }
    }

    [JsonDerivedType(typeof(SelfNamed))]
    internal class SelfNamed
    {
        public int Number { get; set; }
    }

    internal sealed class SelfNamedChild : SelfNamed;

    internal sealed class Texts
    {
        [JsonNumberHandling(JsonNumberHandling.WriteAsString)]
        public int Number { get; set; }

        [JsonNumberHandling(JsonNumberHandling.WriteAsString)]
        public decimal Price { get; set; }

        [JsonNumberHandling(JsonNumberHandling.WriteAsString)]
        public List<decimal> Prices { get; set; } = [];

        [JsonNumberHandling(JsonNumberHandling.WriteAsString)]
        public int[] Numbers { get; set; } = [];

        [JsonNumberHandling(JsonNumberHandling.WriteAsString)]
        public Dictionary<string, int> Named { get; set; } = [];

        [JsonNumberHandling(JsonNumberHandling.WriteAsString)]
        public List<int> Many { get; set; } = [];
    }

    [JsonNumberHandling(JsonNumberHandling.WriteAsString)]
    internal sealed class AllTexts
    {
        public int Number { get; set; }

        public double Size { get; set; }
    }

    [JsonConverter(typeof(NumberConverter))]
    internal sealed class ByConverter(int number)
    {
        private readonly int _number = number;

        public int Number => _number;
    }

    internal sealed class NumberConverter : JsonConverter<ByConverter>
    {
        public override ByConverter Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            new(reader.GetInt32());

        public override void Write(Utf8JsonWriter writer, ByConverter value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Number);
    }
}
