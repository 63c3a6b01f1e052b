using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;

namespace TinyWorker.Tests.Processes.Functions;

/// <summary>A value that cannot be sent is refused. The message names the variable, its type, and the reason.</summary>
internal sealed class RefusedFunctionTests
{
    [TestCaseSource(nameof(Values))]
    public void Value_ThatCannotTravel_IsRefusedByNameTypeAndReason(object culprit, string type, string reason)
    {
        var innocent = 1;
        var message = Journey.Refusal((int x) => x + innocent + culprit.GetHashCode());
        Assert.That(message, Does.Contain($"captures 'culprit', of type {type}: "));
        Assert.That(message, Does.Contain(reason));
        Assert.That(message, Does.Contain(nameof(Value_ThatCannotTravel_IsRefusedByNameTypeAndReason)));
        (culprit as IDisposable)?.Dispose();
    }

    [Test]
    public void Value_InTheClosureOfANeighbour_IsNotRefusedAndNotTakenAlong()
    {
        using var stream = new MemoryStream();
        var taken = 1;
        var neighbour = () => stream.Length;
        var function = Journey.Of((int x) => x + taken);
        Assert.That(function(1) + neighbour(), Is.EqualTo(2));
        Assert.That(Journey.Refusal(neighbour), Does.Contain("'stream'"));
        Assert.That(Journey.Refusal((int x) => x + taken + neighbour()), Does.Contain("'stream'"));
    }

    [Test]
    public void Value_ThatACapturedFunctionCaptures_IsRefusedWithTheWayToIt()
    {
        using var stream = new MemoryStream();
        var length = LengthOf(stream);
        var message = Journey.Refusal((int x) => x + length());
        Assert.That(
            message,
            Does.Contain(
                "it captures 'length', the function " +
                "(a lambda in RefusedFunctionTests.Value_ThatACapturedFunctionCaptures_IsRefusedWithTheWayToIt), " +
                "which captures 'captured', of type MemoryStream: "));

        static Func<long> LengthOf(Stream captured) => () => captured.Length;
    }

    [Test]
    public async Task Value_OfALocalFunctionOrAsyncLambdaOnTheWay_IsRefused()
    {
        using var stream = new MemoryStream();
        var taken = 1;
        long Local() => stream.Length;
        async Task<long> LocalAsync(long x)
        {
            await Task.Yield();
            return x + Local();
        }

        Assert.That(Journey.Refusal((int x) => x + taken + Local()), Does.Contain("'stream'"));
        Assert.That(Journey.Refusal(async (int x) => taken + await LocalAsync(x)), Does.Contain("'stream'"));
        Assert.That(
            Journey.Refusal(() => Enumerable.Range(0, 2).Select(i => Enumerable.Range(i, taken).Select(_ => Local()))),
            Does.Contain("'stream'"));
        Assert.That(await LocalAsync(1), Is.EqualTo(1));
    }

    [Test]
    public void This_ThatIsNoData_IsRefusedAsThis()
    {
        var service = new Service("a");
        Assert.That(
            Journey.Refusal(service.Lambda()),
            Does.Contain("captures 'this', of type RefusedFunctionTests.Service: ").And.Contain("local variable"));
        Assert.That(
            Journey.Refusal(service.LambdaWith(1)),
            Does.Contain("captures 'this', of type RefusedFunctionTests.Service: ").And.Contain("local variable"));
        Assert.That(
            Journey.Refusal(service.Method),
            Does.Contain("is a method of an object, of type RefusedFunctionTests.Service: ").And.Contain("not plain data"));
        using var http = new HttpClient();
        Assert.That(
            Journey.Refusal((Func<string, Task<string>>)http.GetStringAsync), Does.Contain("is a method of an object, of type HttpClient"));
    }

    [Test]
    public void BoundArgument_ThatCannotTravel_IsRefusedByItsName()
    {
        using var stream = new MemoryStream();
        Assert.That(
            Journey.Refusal((Func<int, long>)stream.LengthPlus),
            Does.Contain("has its first argument 'stream' bound to a value, of type MemoryStream: "));
    }

    [Test]
    public void Type_WithoutAName_IsRefused()
    {
        var type = typeof(List<>).GetGenericArguments()[0];
        Assert.That(Journey.Refusal(() => type), Does.Contain("needs the type T, which has no name"));
    }

    [Test]
    public void Multicast_IsRefused()
    {
        var two = (Func<int, int>)(x => x) + (x => x + 1);
        Assert.That(Journey.Refusal(two), Does.Contain("several methods"));
        Assert.That(Journey.Refusal((int x) => two(x)), Does.Contain("captures 'two', the function").And.Contain("several methods"));
    }

    [Test]
    public void CodeThatWasMadeWhileTheProgramRuns_IsRefused()
    {
        Expression<Func<int, int>> expression = x => x + 1;
        Assert.That(Journey.Refusal(expression.Compile()), Does.Contain("from an expression"));
        Assert.That(Journey.Refusal(expression.Compile(preferInterpretation: true)), Does.Contain("from an expression"));

        var method = new DynamicMethod("Dynamic", typeof(int), [typeof(int)]);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ret);
        Assert.That(Journey.Refusal(method.CreateDelegate<Func<int, int>>()), Does.Contain("DynamicMethod"));
    }

    [Test]
    [Platform("Linux")]
    public void NativeCode_BehindADelegate_IsRefused()
    {
        var pointer = NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "abs");
        Assert.That(Journey.Refusal(Marshal.GetDelegateForFunctionPointer<Native>(pointer)), Does.Contain("native code"));
    }

    [Test]
    public void EndlessSequence_IsRefusedWithoutBeingRead()
    {
        var calls = 0;
        IEnumerable<int> Naturals()
        {
            for (var i = 0; ; i++)
            {
                calls++;
                yield return i;
            }
        }

        var lazy = Naturals();
        Assert.That(Journey.Refusal(() => lazy.First()), Does.Contain("'lazy'").And.Contain("a HashSet first"));
        Assert.That(calls, Is.Zero);
    }

    [Test]
    public void Refusal_SaysWhereWithinTheValue()
    {
        var order = new Order(1, new Customer("a", new StringWriter()));
        Assert.That(
            Journey.Refusal(() => order),
            Does.Contain(
                "'order', of type RefusedFunctionTests.Order: " +
                "its Customer (RefusedFunctionTests.Customer), its Log (StringWriter): "));
        var counter = new Counter();
        counter.Increment();
        Assert.That(Journey.Refusal(() => counter), Does.Contain("would lose the value of its _count"));
    }

    private static IEnumerable<TestCaseData> Values() =>
    [
        Case(new MemoryStream(), "MemoryStream", "of .NET that can be copied"),
        Case(new HttpClient(), "HttpClient", "of .NET that can be copied"),
        Case(new Owner(), "RefusedFunctionTests.Owner", "until it is disposed"),
        Case(new CancellationTokenSource().Token, "CancellationToken", "second argument"),
        Case(new CancellationTokenSource(), "CancellationTokenSource", "second argument"),
        Case(new object(), "Object", "identity"),
        Case(Boxed(new Lock()), "Lock", "lock"),
        Case(new SemaphoreSlim(1), "SemaphoreSlim", "lock"),
        Case(NullLogger.Instance, "NullLogger", "logger"),
        Case(Thread.CurrentThread, "Thread", "thread"),
        Case(Task.FromResult(1), "Task<Int32>", "await it first"),
        Case(new ValueTask<int>(1), "ValueTask<Int32>", "await it first"),
        Case(Channel.CreateUnbounded<int>(), "UnboundedChannel<Int32>", "channel"),
        Case(Channel.CreateUnbounded<int>().Writer, "UnboundedChannel<Int32>.UnboundedChannelWriter", "channel"),
        Case((nint)1, "IntPtr", "handle"),
        Case(new SafeFileHandle(), "SafeFileHandle", "of .NET that can be copied"),
        Case(new TinyTroupe<int, int>(x => x, new InlineTroupeOptions()), "TinyTroupe<Int32, Int32>", "troupe"),
        Case(TinyFuture.FromResult(1), "PromiseFuture<Int32>", "future"),
        Case(new ConcurrentDictionary<string, int>(), "ConcurrentDictionary<String, Int32>", "copy of its own"),
        Case(new List<object> { DayOfWeek.Friday }, "List<Object>", "it holds a DayOfWeek in a place of type Object"),
        Case(new List<object> { Boxed(new Lock()) }, "List<Object>", "a Lock in it: a lock"),
        Case(new List<Func<int>> { () => 1 }, "List<Func<Int32>>", "a variable of its own"),
        Case(new[] { typeof(int) }, "Type[]", "a variable of its own"),
        Case(new { A = (nint)1 }, "an anonymous type", "its A (IntPtr): a pointer"),
        Case(
            new List<Base> { new Derived(1) },
            "List<RefusedFunctionTests.Base>",
            "would lose the type RefusedFunctionTests.Derived of an item"),
        Case(new NamedList { Name = "a" }, "RefusedFunctionTests.NamedList", "would lose the value of its Name"),
        Case(new Endless(), "RefusedFunctionTests.Endless", "a HashSet first"),
        Case(new Failure("a"), "RefusedFunctionTests.Failure", "derives from Exception"),
        Case(Enumerable.Range(0, 2), "Enumerable.RangeIterator<Int32>", "a HashSet first"),
        Case(new SortedSet<string>(StringComparer.OrdinalIgnoreCase), "SortedSet<String>", "it compares with a"),
        Case(new HashSet<int>(new Parity()), "HashSet<Int32>", "it compares with a RefusedFunctionTests.Parity"),
        Case(Node.Circle(), "RefusedFunctionTests.Node", "leads back to itself"),
        Case(Node.Line(100), "RefusedFunctionTests.Node", "nested more than 60 deep"),
        Case(new Hidden(5), "RefusedFunctionTests.Hidden", "System.Text.Json"),
        Case(new Thrower(), "RefusedFunctionTests.Thrower", "not now"),
        Case(new Buffer4(), "RefusedFunctionTests.Buffer4", "inline array"),
        Case(new Random(1), "Random", "of .NET that can be copied"),
        Case(new Lazy<int>(1), "Lazy<Int32>", "of .NET that can be copied"),
        Case(new Regex("a").Match("a"), "Match", "of .NET that can be copied"),
        Case(new Services(), "RefusedFunctionTests.Services", "services live in this process"),
        Case(new[] { 1 }.AsQueryable(), "EnumerableQuery<Int32>", "a query or expression"),
        Case(Expression.Default(typeof(int)), "DefaultExpression", "a query or expression"),
        Case(typeof(string).Assembly, "RuntimeAssembly", "part of the loaded program"),
        Case(typeof(string).Module, "RuntimeModule", "part of the loaded program"),
        Case(typeof(string).GetMethod("ToString", [])!, "RuntimeMethodInfo", "part of the loaded program"),
        Case(NullLoggerFactory.Instance, "NullLoggerFactory", "logger"),
        Case(default(ValueTask), "ValueTask", "await it first"),
        Case(new ReaderWriterLockSlim(), "ReaderWriterLockSlim", "lock"),
        Case(new ManualResetEvent(true), "ManualResetEvent", "lock"),
        Case(new ManualResetEventSlim(), "ManualResetEventSlim", "lock"),
        Case(new Timer(_ => { }), "Timer", "timer"),
        Case((nuint)1, "UIntPtr", "handle"),
        Case(typeof(nint).GetMethod("ToPointer")!.Invoke((nint)1, null)!, "Pointer", "handle"),
        Case(new List<object> { ((Func<int, Func<int>>)(x => () => x))(1).Target! }, "List<Object>", "made by the compiler"),
        Case(new Fresh(), "RefusedFunctionTests.Fresh", "not what it makes of a copy"),
        Case(new Vanishing(), "RefusedFunctionTests.Vanishing", "null, where a value was"),
        Case(new ByParity(), "RefusedFunctionTests.ByParity", "it compares with a RefusedFunctionTests.Parity"),
        Case(new SetByParity(), "RefusedFunctionTests.SetByParity", "it compares with a RefusedFunctionTests.Parity"),
        Case(Polite.Nobody(), "RefusedFunctionTests.Polite", "would lose the value of its _name"),
        Case(Keeper.Of("a"), "RefusedFunctionTests.Keeper", "would lose the value of its _secret"),
        Case(new Prefilled(), "RefusedFunctionTests.Prefilled", "would lose the number of the items of its Items"),
        Case(new HashSet<Labelled> { new(1, "a"), new(1, "b") }, "HashSet<RefusedFunctionTests.Labelled>", "would lose"),
        Case(
            new Menu(new Dictionary<string, int>(StringComparer.CurrentCulture)), "RefusedFunctionTests.Menu", "it compares with a"),
        Case(Padded.Bare(), "RefusedFunctionTests.Padded", "would lose the value of an item of its _values"),
    ];

    private static TestCaseData Case(object value, string type, string reason) =>
        new TestCaseData(value, type, reason).SetArgDisplayNames(type, reason);

    // The compiler warns of a Lock that is converted to object.
    private static object Boxed<T>(T value)
        where T : notnull => value;

    private delegate int Native(int x);

    private sealed class Service(string name)
    {
        public Func<int, string> Lambda() => x => name + x;

        public Func<int, string> LambdaWith(int more) => x => name + x + more;

        public string Method(int x) => name + x;
    }

    private sealed record Order(int Number, Customer Customer);

    private sealed record Customer(string Name, TextWriter Log);

    internal sealed class Counter
    {
        private int _count;

        public string Name { get; set; } = "";

        public void Increment() => _count++;
    }

    internal sealed class Owner : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => default;
    }

    internal record Base;

    internal sealed record Derived(int X) : Base;

    internal sealed class NamedList : List<int>
    {
        public string? Name { get; set; }
    }

    internal sealed class Endless : IEnumerable<int>
    {
        public IEnumerator<int> GetEnumerator() => Enumerable.Repeat(1, int.MaxValue).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }

    internal sealed class Failure(string message) : Exception(message);

    internal sealed class Parity : IEqualityComparer<int>
    {
        public bool Equals(int x, int y) => x % 2 == y % 2;

        public int GetHashCode(int obj) => obj % 2;
    }

    internal sealed class Node
    {
        public Node? Next { get; set; }

        public static Node Circle()
        {
            var node = new Node();
            node.Next = new() { Next = node };
            return node;
        }

        public static Node Line(int length)
        {
            Node node = new();
            for (var i = 0; i < length; i++) node = new() { Next = node };
            return node;
        }
    }

    internal sealed class Hidden(int secret)
    {
        public override string ToString() => $"{secret}";
    }

    internal sealed class Thrower
    {
        public int Value { get => throw new InvalidOperationException("not now"); set => _ = value; }
    }

    internal sealed class Services : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }

    internal sealed class Fresh
    {
        public string Name => $"{Guid.NewGuid()}";
    }

    [JsonConverter(typeof(NothingConverter))]
    internal sealed class Vanishing;

    internal sealed class NothingConverter : JsonConverter<Vanishing>
    {
        public override Vanishing Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new();

        public override void Write(Utf8JsonWriter writer, Vanishing value, JsonSerializerOptions options) => writer.WriteNullValue();
    }

    internal sealed class ByParity
    {
        public Dictionary<int, int> Made => new(new Parity());
    }

    internal sealed class SetByParity
    {
        public HashSet<int> Made => new(new Parity());
    }

    internal sealed class Polite
    {
        private string? _name = "nobody";

        public string? Name { get => _name; set => _name = value ?? "nobody"; }

        public static Polite Nobody() => new() { _name = null };
    }

    internal sealed class Keeper
    {
        private string? _secret;

        public bool IsFull => _secret is not null;

        public static Keeper Of(string secret) => new() { _secret = secret };
    }

    internal sealed class Prefilled
    {
        [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
        public List<int> Items { get; } = [1];
    }

    internal sealed record Labelled(int Number, [property: JsonIgnore] string Label);

    internal sealed record Menu(IReadOnlyDictionary<string, int> Prices);

    internal sealed class Padded
    {
        private int[] _values = [0];

        public int[] Values { get => _values; set => _values = [.. value, 0]; }

        public static Padded Bare() => new() { _values = [1] };
    }

    [System.Runtime.CompilerServices.InlineArray(4)]
    internal struct Buffer4
    {
        public int First;
    }
}
