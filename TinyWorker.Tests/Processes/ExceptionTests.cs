using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Xml;

namespace TinyWorker.Tests.Processes;

internal sealed class ExceptionTests
{
    private static IEnumerable<TestCaseData> OfTheFramework() =>
        MakeOfTheFramework().Select((exception, i) => new TestCaseData(exception).SetArgDisplayNames($"{i} {exception.GetType().Name}"));

    private static IEnumerable<Exception> MakeOfTheFramework()
    {
        yield return new Exception();
        yield return new Exception("plain");
        yield return new FormatException("with one inside", new ArgumentException("inside"));
        yield return new ArgumentException();
        yield return new ArgumentException("a", "parameter");
        yield return new ArgumentException("a", "parameter", new FormatException("inside"));
        yield return new ArgumentNullException("parameter");
        yield return new ArgumentNullException("parameter", "with a message");
        yield return new ArgumentNullException("a message", new FormatException("inside"));
        yield return new ArgumentOutOfRangeException("parameter", 5, "five is right out");
        yield return new ArgumentOutOfRangeException("parameter");
        yield return new ObjectDisposedException("it");
        yield return new ObjectDisposedException("it", "with a message");
        yield return new ObjectDisposedException("a message", new FormatException("inside"));
        yield return new FileNotFoundException("no such", "/tmp/none");
        yield return new FileNotFoundException(null, "/tmp/none");
        yield return new FileLoadException("not loaded", "/tmp/none", new FormatException("inside"));
        yield return new BadImageFormatException("bad", "/tmp/none");
        yield return new AggregateException();
        yield return new AggregateException("just one", new FormatException("one"));
        yield return new AggregateException(
            "several", new FormatException("one"), new ArgumentException("two", "p"), new AggregateException(new FormatException("3")));
        yield return new OperationCanceledException();
        yield return new OperationCanceledException("stopped", new FormatException("inside"), new CancellationToken(true));
        yield return new TaskCanceledException("stopped");
        yield return new TaskCanceledException();
        yield return new Win32Exception(2);
        yield return new Win32Exception(13, "own text");
        yield return new SocketException((int)SocketError.ConnectionRefused);
        yield return new SocketException((int)SocketError.TimedOut, "own text");
        yield return new HttpRequestException(
            HttpRequestError.NameResolutionError, "no such host", new FormatException("inside"), HttpStatusCode.NotFound);
        yield return new JsonException("bad", "$.x", 3, 5);
        yield return new XmlException("bad");
        yield return new TypeInitializationException("Some.Type", new FormatException("inside"));
        yield return new KeyNotFoundException();
        yield return new TimeoutException("late");
        yield return new OutOfMemoryException();
        yield return new StackOverflowException();
        yield return new InvalidCastException("a", 17);
        yield return new IOException("a", 17);
    }

    [TestCaseSource(nameof(OfTheFramework))]
    public void Exception_OfTheFramework_ComesBackAsItself(Exception exception)
    {
        var there = ExceptionTravel.Through(exception);

        Same(there, exception);
    }

    [TestCaseSource(nameof(OfTheFramework))]
    public void Exception_OfTheFrameworkOnceThrown_ShowsWhere(Exception exception)
    {
        var there = ExceptionTravel.Through(ExceptionTravel.Thrown(exception));

        Same(there, exception);
        Assert.That(there.ToString(), Does.Contain(nameof(ExceptionTravel.Thrown)));
        Assert.That(there.StackTrace, Does.Contain(nameof(ExceptionTravel.Thrown)));
        Assert.That(there.Source, Is.EqualTo(exception.Source));
    }

    [Test]
    public void Properties_OfTheFrameworksOwn_ComeBack()
    {
        Assert.That(((ArgumentException)ExceptionTravel.Through(new ArgumentException("a", "p"))).ParamName, Is.EqualTo("p"));
        Assert.That(
            ((ArgumentOutOfRangeException)ExceptionTravel.Through(new ArgumentOutOfRangeException("p", 5, "m"))).ActualValue,
            Is.EqualTo(5));
        var range = (ArgumentOutOfRangeException)ExceptionTravel.Through(new ArgumentOutOfRangeException("p", new Version(1, 2), "m"));
        Assert.That(range.ActualValue, Is.EqualTo("1.2"));
        Assert.That(((ObjectDisposedException)ExceptionTravel.Through(new ObjectDisposedException("it"))).ObjectName, Is.EqualTo("it"));
        Assert.That(((FileNotFoundException)ExceptionTravel.Through(new FileNotFoundException("m", "f"))).FileName, Is.EqualTo("f"));
        Assert.That(((Win32Exception)ExceptionTravel.Through(new Win32Exception(13, "m"))).NativeErrorCode, Is.EqualTo(13));
        Assert.That(
            ((TypeInitializationException)ExceptionTravel.Through(new TypeInitializationException("T", null))).TypeName, Is.EqualTo("T"));
        var socket = (SocketException)ExceptionTravel.Through(new SocketException((int)SocketError.ConnectionRefused));
        Assert.That(socket.SocketErrorCode, Is.EqualTo(SocketError.ConnectionRefused));
        var http = (HttpRequestException)ExceptionTravel.Through(
            new HttpRequestException(HttpRequestError.Unknown, "m", null, HttpStatusCode.NotFound));
        Assert.That(http.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        var json = (JsonException)ExceptionTravel.Through(new JsonException("bad", "$.x", 3, 5));
        Assert.That((json.Path, json.LineNumber, json.BytePositionInLine), Is.EqualTo(("$.x", 3L, 5L)));
    }

    [Test]
    public void Exception_OfTheUsers_ComesBackByTheConstructorThatGivesMost()
    {
        var plain = ExceptionTravel.Through(new PlainException("plain", new FormatException("inside")));
        var order = ExceptionTravel.Through(new OrderException(42, DayOfWeek.Friday));
        var set = ExceptionTravel.Through(new SetException { Code = 7, Note = "n" });
        var decorated = ExceptionTravel.Through(new DecoratedException("x"));
        var generic = ExceptionTravel.Through(new GenericException<string>("g"));

        Assert.That(plain, Is.TypeOf<PlainException>().With.Message.EqualTo("plain").And.InnerException.TypeOf<FormatException>());
        Assert.That(
            order, Is.TypeOf<OrderException>().With.Message.EqualTo("Order 42 failed on Friday").And.Property("OrderId").EqualTo(42));
        Assert.That(set, Is.TypeOf<SetException>().With.Property("Code").EqualTo(7).And.Property("Note").EqualTo("n"));
        Assert.That(decorated, Is.TypeOf<DecoratedException>().With.Message.EqualTo("Bad x!"));
        Assert.That(generic, Is.TypeOf<GenericException<string>>().With.Message.EqualTo("g"));
    }

    [Test]
    public void Exception_WhoseMessageHasAnotherName_ComesBack()
    {
        var msg = ExceptionTravel.Through(new MsgException("m", 5));
        var text = ExceptionTravel.Through(new TextException("t", 6));

        Assert.That(msg, Is.TypeOf<MsgException>().With.Message.EqualTo("m").And.Property("Code").EqualTo(5));
        Assert.That(text, Is.TypeOf<TextException>().With.Message.EqualTo("t").And.Property("Code").EqualTo(6));
    }

    [Test]
    public void Exception_WithAParameterThatMayBeLeftOut_ComesBackWithItsDefault() =>
        Assert.That(
            ExceptionTravel.Through(new OptionalException("m", 7)),
            Is.TypeOf<OptionalException>().With.Message.EqualTo("m").And.Property("Tries").EqualTo("3 tries"));

    [Test]
    public void Exception_WhosePropertyIsOfAnotherTypeThanItsParameter_ComesBackByItsMessage() =>
        Assert.That(
            ExceptionTravel.Through(new MismatchException("5")),
            Is.TypeOf<MismatchException>().With.Message.EqualTo("5").And.Property("Code").EqualTo(5));

    [Test]
    public void Properties_ThatCannotBeRead_AreLeftAlone()
    {
        var there = ExceptionTravel.Through(new OddPropertiesException { SetOnly = "a", Secret = "b", [1] = "c", Plain = "d" });

        Assert.That(there, Is.TypeOf<OddPropertiesException>().With.Property("Plain").EqualTo("d"));
        Assert.That(((OddPropertiesException)there).WasSet, Is.EqualTo("d"));
    }

    [Test]
    public void Exception_OfACompilerThatNamesNoParameters_ComesBack()
    {
        var assembly = AssemblyBuilder.DefineDynamicAssembly(new("TinyWorkerNameless"), AssemblyBuilderAccess.Run);
        var type = assembly.DefineDynamicModule("TinyWorkerNameless").DefineType("Nameless", TypeAttributes.Public, typeof(Exception));
        var il = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [typeof(string)]).GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Call, typeof(Exception).GetConstructor([typeof(string)])!);
        il.Emit(OpCodes.Ret);
        var exception = (Exception)Activator.CreateInstance(type.CreateType(), "m")!;

        Assert.That(exception.GetType().GetConstructors().Single().GetParameters().Single().Name, Is.Null);
        Assert.That(ExceptionTravel.Through(exception), Is.TypeOf(exception.GetType()).With.Message.EqualTo("m"));
    }

    [Test]
    public void Exception_WithoutUsableConstructor_IsNamedByItsStandIn()
    {
        var exception = ExceptionTravel.Thrown(new StreamException(new MemoryStream(), new FormatException("inside")));
        exception.Data["k"] = 5;

        var there = ExceptionTravel.Through(exception) as RemoteWorkerException;

        Assert.That(there, Is.Not.Null);
        Assert.That(there!.RemoteTypeName, Is.EqualTo(typeof(StreamException).FullName));
        Assert.That(there.RemoteStackTrace, Is.EqualTo(exception.StackTrace));
        Assert.That(there.Troupe, Is.EqualTo(ExceptionTravel.Troupe));
        Assert.That(there.Message, Does.Contain(typeof(StreamException).FullName).And.Contain("the stream").And.Contain("constructor"));
        Assert.That(there.InnerException, Is.TypeOf<FormatException>());
        Assert.That(there.Data["k"], Is.EqualTo(5));
        Assert.That(there.ToString(), Does.Contain(nameof(ExceptionTravel.Thrown)));
    }

    [Test]
    public void StandIn_FromAProcessWithinTheProcess_StaysWhatItIs()
    {
        var first = (RemoteWorkerException)ExceptionTravel.Through(ExceptionTravel.Thrown(new StreamException(new MemoryStream(), null)));

        var second = ExceptionTravel.Through(ExceptionTravel.Thrown(first)) as RemoteWorkerException;

        Assert.That(second?.RemoteTypeName, Is.EqualTo(typeof(StreamException).FullName));
        Assert.That(second!.Message, Is.EqualTo(first.Message));
    }

    [Test]
    public void Aggregate_WithAStandInInside_IsStillAnAggregate()
    {
        var there = ExceptionTravel.Through(
            new AggregateException(new StreamException(new MemoryStream(), null), new FormatException("two")));

        Assert.That(there, Is.TypeOf<AggregateException>());
        Assert.That(
            ((AggregateException)there).InnerExceptions.Select(e => e.GetType()),
            Is.EqualTo(new[] { typeof(RemoteWorkerException), typeof(FormatException) }));
    }

    [Test]
    public void Data_OfScalars_IsKept()
    {
        var exception = new FormatException("m")
        {
            Data =
            {
                ["text"] = "x", ["number"] = 5, [7] = 1.5m, ["none"] = null, ["when"] = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
                ["stream"] = new MemoryStream(), [typeof(int)] = "a type", ["letter"] = 'c', ["id"] = Guid.Empty, ["yes"] = true,
                [DayOfWeek.Friday] = "under an enum", ["day"] = DayOfWeek.Friday,
            },
        };

        var data = ExceptionTravel.Through(exception).Data;

        Assert.That(data["text"], Is.EqualTo("x"));
        Assert.That(data["number"], Is.EqualTo(5).And.TypeOf<int>());
        Assert.That(data[7], Is.EqualTo(1.5m));
        Assert.That(data.Contains("none") && data["none"] is null, Is.True);
        Assert.That(((DateTime)data["when"]!).Kind, Is.EqualTo(DateTimeKind.Utc));
        Assert.That((data["letter"], data["id"], data["yes"]), Is.EqualTo(((object)'c', (object)Guid.Empty, (object)true)));
        Assert.That(data, Has.Count.EqualTo(8));
    }

    [Test]
    public void StackTrace_OfTheOtherSide_OutlivesEveryRethrow()
    {
        var there = ExceptionTravel.Through(ExceptionTravel.Thrown(new FormatException("m")));
        var captured = ExceptionDispatchInfo.Capture(there);
        var length = 0;
        for (var i = 0; i < 3; i++)
        {
            var caught = Assert.Throws<FormatException>(() => captured.Throw())!;
            Assert.That(
                caught.ToString(),
                Does.Contain(nameof(ExceptionTravel.Thrown)).And.Contain(nameof(StackTrace_OfTheOtherSide_OutlivesEveryRethrow)));
            if (i > 0) Assert.That(caught.StackTrace, Has.Length.EqualTo(length), "it does not grow");
            length = caught.StackTrace!.Length;
        }
    }

    [Test]
    public void StackTrace_ThroughTwoProcesses_ShowsBoth()
    {
        var there = ExceptionTravel.Through(
            ExceptionTravel.Thrown(new FormatException("m", ExceptionTravel.Thrown(new ArgumentException("i")))));
        var further = ExceptionTravel.Through(Assert.Throws<FormatException>(() => ExceptionDispatchInfo.Throw(there))!);

        Assert.That(
            further.ToString(), Does.Contain(nameof(ExceptionTravel.Thrown)).And.Contain(nameof(StackTrace_ThroughTwoProcesses_ShowsBoth)));
        Assert.That(further.InnerException!.ToString(), Does.Contain(nameof(ExceptionTravel.Thrown)));
    }

    [Test]
    public void Exception_AsAValue_ComesThroughAsItself()
    {
        Assert.That(Travel.Through<Exception?>(null), Is.Null);
        Assert.That(Travel.Through<Exception>(new FormatException("m")), Is.TypeOf<FormatException>().With.Message.EqualTo("m"));
        Assert.That(Travel.Through(new FormatException("m")).Message, Is.EqualTo("m"));
        Assert.That(() => Travel.Through(new StreamException(new MemoryStream(), null)), Throws.TypeOf<RemoteWorkerException>());
    }

    [Test]
    public void Exceptions_ByTheThousand_AreQuick()
    {
        var exception = ExceptionTravel.Thrown(new ArgumentException("m", "p", ExceptionTravel.Thrown(new FormatException("inside"))));
        ExceptionTravel.Through(exception);
        var watch = Stopwatch.StartNew();

        for (var i = 0; i < 1_000; i++) ExceptionTravel.Through(exception);

        TestContext.Out.WriteLine($"{watch.Elapsed.TotalMicroseconds / 1_000:F1} µs each");
        Assert.That(watch.Elapsed, Is.LessThan(TimeSpan.FromSeconds(1)));
    }

    private static void Same(Exception there, Exception exception)
    {
        Assert.That(there, Is.TypeOf(exception.GetType()));
        Assert.That(there.Message, Is.EqualTo(exception.Message));
        Assert.That(there.HResult, Is.EqualTo(exception.HResult));
        Assert.That(there.InnerException?.GetType(), Is.EqualTo(exception.InnerException?.GetType()));
        if (exception.InnerException is not null) Same(there.InnerException!, exception.InnerException);
        if (exception is not AggregateException many) return;
        Assert.That(((AggregateException)there).InnerExceptions, Has.Count.EqualTo(many.InnerExceptions.Count));
        foreach (var (one, other) in ((AggregateException)there).InnerExceptions.Zip(many.InnerExceptions)) Same(one, other);
    }

    private sealed class PlainException(string message, Exception? innerException) : Exception(message, innerException);

    private sealed class OrderException(int orderId, DayOfWeek day) : Exception($"Order {orderId} failed on {day}")
    {
        public int OrderId { get; } = orderId;

        public DayOfWeek Day { get; } = day;
    }

    private sealed class SetException : Exception
    {
        public int Code { get; init; }

        public string? Note { get; set; }
    }

    private sealed class DecoratedException(string name) : Exception($"Bad {name}!");

    private sealed class MsgException(string msg, int code) : Exception(msg)
    {
        public int Code { get; } = code;
    }

    private sealed class TextException(string text, int code) : Exception(text)
    {
        public int Code { get; } = code;
    }

    private sealed class OptionalException(string message, int tries = 3) : Exception(message)
    {
        public object Tries { get; } = $"{tries} tries";
    }

    private sealed class MismatchException(string code) : Exception(code)
    {
        public int Code => int.Parse(Message, System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class OddPropertiesException : Exception
    {
        private string _plain = "";

        public string WasSet { get; private set; } = "";

        public string SetOnly { set => WasSet += value; }

        public string Secret { private get => ""; set => WasSet += value; }

        public string Plain
        {
            get => _plain;
            set
            {
                _plain = value;
                WasSet = value;
            }
        }

        public string this[int index] { get => ""; set => WasSet += value + index; }
    }

    private sealed class GenericException<T>(string message) : Exception(message);

    private sealed class StreamException(Stream stream, Exception? inner) : Exception("the stream", inner)
    {
        public long Length => stream.Length;
    }
}
