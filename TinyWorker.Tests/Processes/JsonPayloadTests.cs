using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyWorker.Tests.Processes;

internal sealed partial class JsonPayloadTests
{
    [Test]
    public void Records_NestedAndNull_ComeThrough()
    {
        Exactly(new Person("Ada", 36, new Person("Ann", null, null)));
        Exactly<Person?>(null);
        Exactly(new Reading(1.5, double.NaN, -0.0, double.PositiveInfinity));
        Exactly<Reading?>(null);
        Exactly(new Fields { Number = 3, Name = "three" });
    }

    [Test]
    public void Context_OfNull_IsRefused() =>
        Assert.That(
            () => new JsonPayloadSerializer((JsonSerializerContext)null!),
            Throws.ArgumentNullException.With.Property("ParamName").EqualTo("context"));

    [Test]
    public void Populated_Properties_ComeThrough() =>
        Assert.That(Travel.Through(new Populated { Numbers = { 1, 2 } })!.Numbers, Is.EqualTo(new[] { 1, 2 }));

    [Test]
    public void Depth_OfTheUsersOptions_IsKept()
    {
        var serializer = new JsonPayloadSerializer(new JsonSerializerOptions { MaxDepth = 2 });
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        serializer.Serialize<string[][]>([["1"]], writer);
        Assert.That(serializer.Deserialize<string[][]>(writer.WrittenMemory), Is.EqualTo(new string[][] { ["1"] }));
        Assert.That(() => serializer.Serialize<string[][][]>([[[""]]], writer), Throws.TypeOf<NotSupportedException>());
    }

    [Test]
    public void Tuples_OfEverything_ComeThrough()
    {
        Exactly((1, "one"));
        Exactly((Name: "n", Inner: (2, (string?)null), Day: DayOfWeek.Friday));
        Exactly((1, "2", 3, "4", 5, "6", 7, "8", 9));
        Exactly<(int, string)?>(null);
        Exactly(Tuple.Create(1, "one"));
        Exactly(new KeyValuePair<string, int>("k", 1));
    }

    [Test]
    public void Collections_Nested_ComeThrough()
    {
        Exactly<int[][]>([[1, 2], [], [3]]);
        Exactly(new List<string?> { "a", null, "" });
        Exactly(new Dictionary<string, List<(int, string)>> { ["k"] = [(1, "x")] });
        Exactly<string[]>([]);
        Exactly<List<int>?>(null);
        Exactly(new HashSet<int> { 3, 1 });
    }

    [Test]
    public void Object_OfAKnownType_KeepsIt() => Assert.That(Travel.Through<object>(5), Is.TypeOf<int>().And.EqualTo(5));

    [Test]
    public void Options_OfTheUser_AreFollowed()
    {
        var json = new JsonPayloadSerializer(
            new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true });
        var written = new System.Buffers.ArrayBufferWriter<byte>();

        json.Serialize(new Person("Ada", null, null), written);

        Assert.That(System.Text.Encoding.UTF8.GetString(written.WrittenSpan), Is.EqualTo("""{"name":"Ada","age":null,"parent":null}"""));
        Assert.That(json.Deserialize<Person>(written.WrittenMemory), Is.EqualTo(new Person("Ada", null, null)));
    }

    [Test]
    public void Context_SourceGenerated_IsEnough()
    {
        var json = new JsonPayloadSerializer(PersonContext.Default);

        Assert.That(Travel.Through(new Person("Ada", 36, null), json), Is.EqualTo(new Person("Ada", 36, null)));
        Assert.That(() => Travel.Through(new Fields(), json), Throws.TypeOf<NotSupportedException>().With.Message.Contains(nameof(Fields)));
    }

    [Test]
    public void Types_OfWhichNothingWouldComeBack_AreRefused()
    {
        var withoutFields = new JsonPayloadSerializer(new JsonSerializerOptions());

        Assert.That(
            () => Travel.Through((1, "one"), withoutFields), Throws.TypeOf<NotSupportedException>().With.Message.Contains("IncludeFields"));
        Assert.That(() => Travel.Through(new List<(int, string)> { (1, "one") }, withoutFields), Throws.TypeOf<NotSupportedException>());
        Assert.That(
            () => Travel.Through(ActivityTraceId.CreateRandom()),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("ActivityTraceId"));
        Assert.That(() => Travel.Through(new GetOnly(3)), Throws.TypeOf<NotSupportedException>());
        Assert.That(() => Travel.Through(new Nothing()), Throws.Nothing);
    }

    [Test]
    public void Values_WithoutAForm_ThrowAndHarmNothing()
    {
        Action function = () => { };
        var cycle = new Node();
        cycle.Next = cycle;

        for (var i = 0; i < 3; i++)
        {
            Assert.That(() => Travel.Through(function), Throws.TypeOf<NotSupportedException>());
            Assert.That(() => Travel.Through(cycle), Throws.TypeOf<NotSupportedException>().With.Message.Contains("JsonPayloadTests.Node"));
            Assert.That(
                () => Travel.Through(new Bomb()),
                Throws.TypeOf<NotSupportedException>().With.Message.Contains("JsonPayloadTests.Bomb").And.Message.Contains("the getter")
                    .And.InnerException.TypeOf<FormatException>());
            Assert.That(Travel.Through(new Person("Ada", 36, null)), Is.EqualTo(new Person("Ada", 36, null)));
        }
    }

    [Test]
    public void Payloads_ThatAreNoJson_AreJsonExceptions()
    {
        var json = new JsonPayloadSerializer();

        Assert.That(() => json.Deserialize<Person>("{"u8.ToArray()), Throws.TypeOf<JsonException>());
        Assert.That(() => json.Deserialize<Person>("null null"u8.ToArray()), Throws.TypeOf<JsonException>());
        Assert.That(() => json.Deserialize<Person>(default), Throws.TypeOf<JsonException>());
    }

    [Test]
    public void Serializer_UsedByManyThreads_MixesNothingUp()
    {
        var json = new JsonPayloadSerializer();

        Parallel.For(0, 2_000, i =>
        {
            var person = new Person(new string('x', i % 50), i, null);
            var written = new System.Buffers.ArrayBufferWriter<byte>();
            json.Serialize(person, written);
            Assert.That(json.Deserialize<Person>(written.WrittenMemory), Is.EqualTo(person));
        });
    }

    [Test]
    public void Serializer_ThatRests_KeepsNoBuffer()
    {
        var json = new JsonPayloadSerializer();
        var buffer = Use(json);

        GC.Collect();

        Assert.That(buffer.IsAlive, Is.False);
        GC.KeepAlive(json);

        static WeakReference Use(JsonPayloadSerializer json)
        {
            var written = new System.Buffers.ArrayBufferWriter<byte>();
            json.Serialize(new Person("Ada", 1, null), written);
            return new WeakReference(written);
        }
    }

    private static void Exactly<T>(T value)
    {
        Assert.That(Travel.Through(value), Is.EqualTo(value));
        Assert.That(Travel.Through(value, piece: 1), Is.EqualTo(value));
    }

    internal sealed class Populated
    {
        [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
        public List<int> Numbers { get; } = [];
    }

    internal sealed record Person(string Name, int? Age, Person? Parent);

    internal sealed record Reading(double A, double B, double C, double D);

    private sealed class Node
    {
        public Node? Next { get; set; }
    }

    private sealed class Bomb
    {
        public int Value
        {
            get => throw new FormatException("the getter");
            set => _ = value;
        }
    }

    private sealed record Nothing;

    private readonly struct GetOnly(int number)
    {
        public int Number { get; } = number;
    }

    private record struct Fields
    {
        public int Number;
        public string? Name;
    }

    [JsonSerializable(typeof(Person))]
    private sealed partial class PersonContext : JsonSerializerContext;
}
