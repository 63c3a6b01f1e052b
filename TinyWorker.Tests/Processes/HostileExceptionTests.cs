using System.Collections;
using System.Reflection;
using System.Reflection.Emit;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Exceptions;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

internal sealed class HostileExceptionTests
{
    [Test]
    public void Exception_AllOfWhosePropertiesThrow_DoesNoHarm()
    {
        var there = ExceptionTravel.Through(ExceptionTravel.Thrown(new ThrowingException()));

        Assert.That(
            there,
            Is.TypeOf<RemoteWorkerException>().With.Message.Contains(nameof(ThrowingException)).And.Message.Contains("Its Message threw"));
    }

    [Test]
    public void Exception_WhoseDataThrowsHalfWay_KeepsTheRest() =>
        Assert.That(ExceptionTravel.Through(new HalfDataException()), Is.TypeOf<HalfDataException>().With.Message.EqualTo("half"));

    [Test]
    public void Exception_WhoseConstructorThrowsHere_HasAStandIn()
    {
        var exception = new OnceException("m");
        OnceException.Refuse = true;

        Assert.That(ExceptionTravel.Through(exception), Is.TypeOf<RemoteWorkerException>().With.Message.Contains("OnceException: m"));
    }

    [Test]
    public void Exception_ThatSaysSomethingElseEachTime_HasAStandIn() =>
        Assert.That(ExceptionTravel.Through(new ChangingException()), Is.TypeOf<RemoteWorkerException>());

    [Test]
    public void Exceptions_AThousandAndMoreDeep_AreCut()
    {
        var exception = new Exception("0");
        for (var i = 1; i <= 5_000; i++) exception = new Exception($"{i}", exception);

        var there = ExceptionTravel.Through(exception);

        Assert.That(there.Message, Is.EqualTo("5000"));
        var depth = 0;
        for (var inner = there.InnerException; inner is not null; inner = inner.InnerException) depth++;
        Assert.That(depth, Is.EqualTo(ExceptionLimits.Depth));
    }

    [Test]
    public void Exception_WithinItself_IsCut()
    {
        var outer = new Exception("outer", new Exception("middle", new Exception("inner")));
        ExceptionFields.SetInnerException(outer.InnerException!.InnerException!, outer);

        var there = ExceptionTravel.Through(outer);

        Assert.That(there.InnerException!.InnerException!.Message, Is.EqualTo("inner"));
        Assert.That(there.InnerException.InnerException.InnerException, Is.Null);
    }

    [Test]
    public void Aggregates_ThatGrowWithoutEnd_AreCut()
    {
        Exception exception = new FormatException("leaf");
        for (var i = 0; i < 6; i++) exception = new AggregateException("node", Enumerable.Repeat(exception, 6));

        var bytes = ExceptionTravel.Bytes(exception);

        Assert.That(bytes, Has.Length.LessThan(8_000_000));
        Assert.That(ExceptionTravel.Through(exception), Is.TypeOf<AggregateException>());
    }

    [Test]
    public void Message_Of100MB_IsCut()
    {
        var exception = new FormatException(new string('x', 50_000_000), new ArgumentException(new string('y', 200_000), "p"));
        exception.Data["long"] = new string('z', 200_000);

        var there = ExceptionTravel.Through(exception);

        Assert.That(ExceptionTravel.Bytes(exception), Has.Length.LessThan(1_000_000));
        Assert.That(there, Is.TypeOf<FormatException>());
        Assert.That(there.Message, Has.Length.InRange(64_000, 67_000).And.StartsWith("xxx").And.Contains("49,934,464 more characters"));
        Assert.That(there.InnerException, Is.TypeOf<ArgumentException>());
        Assert.That((string)there.Data["long"]!, Has.Length.InRange(64_000, 67_000));
    }

    [Test]
    public void Types_ThatAreNoExceptions_AreNeverMade()
    {
        foreach (var type in new[] { typeof(Trap), typeof(string), typeof(TroupeException), typeof(GenericTrap<>) })
        {
            var there = ExceptionRebuilder.Rebuild(Record(type.AssemblyQualifiedName!), "here");
            Assert.That(there, Is.TypeOf<RemoteWorkerException>());
        }

        string[] names = ["", " ", "No.Such, Nowhere", "[", "System.Exception[], x", new string('[', 10_000), "A, B, Version=x"];
        foreach (var name in names)
            Assert.That(ExceptionRebuilder.Rebuild(Record(name), "here"), Is.TypeOf<RemoteWorkerException>());
        Assert.That(Trap.Made, Is.False);
    }

    [Test]
    public void Bytes_CutOrChangedAnywhere_AreAnExceptionOrMalformed()
    {
        var exception = ExceptionTravel.Thrown(new AggregateException("m", new ArgumentException("a", "p") { Data = { ["k"] = 1 } }));
        var bytes = ExceptionTravel.Bytes(exception)[FrameHeader.Size..];
        var format = new ExceptionFormat<Exception>("here");
        for (var i = 1; i < bytes.Length; i++)
            Assert.That(() => format.Read(bytes.AsMemory(0, i)), Throws.TypeOf<MalformedDataException>());
        for (var i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 0x81;
            try
            {
                format.Read(changed);
            }
            catch (MalformedDataException)
            {
                // The exception is expected.
            }
        }
    }

    [Test]
    public void Bytes_ThatLackEveryText_AreAStandIn()
    {
        var bytes = Bytes(to =>
        {
            WriteBeginning(to);
            to.Write(1);             // one property, without a name
            to.Write((string?)null);
            SimpleValue.Write(to, null);
            to.Write(1);             // one entry of Data, without a key
            SimpleValue.Write(to, null);
            SimpleValue.Write(to, 5);
            to.Write(0);
        });

        var there = new ExceptionFormat<Exception>("here").Read(bytes);

        Assert.That(there, Is.TypeOf<RemoteWorkerException>().With.Property("RemoteTypeName").Empty);
        Assert.That(there.Data[""], Is.EqualTo(5));
    }

    [Test]
    public void Bytes_OfMoreLevelsThanAreEverWritten_AreMalformed()
    {
        Assert.That(() => new ExceptionFormat<Exception>("here").Read(Nested(ExceptionLimits.Depth)), Throws.Nothing);
        Assert.That(
            () => new ExceptionFormat<Exception>("here").Read(Nested(ExceptionLimits.Depth + 1)), Throws.TypeOf<MalformedDataException>());

        static byte[] Nested(int levels) => Bytes(to =>
        {
            for (var level = 0; level <= levels; level++)
            {
                WriteBeginning(to);
                to.Write(0);
                to.Write(0);
                to.Write(level < levels ? 1 : 0);
            }
        });
    }

    [Test]
    public void Exception_WithoutMessageAndData_HasAStandIn() =>
        Assert.That(
            ExceptionTravel.Through(new NullException()), Is.TypeOf<RemoteWorkerException>().With.Message.Contains(nameof(NullException)));

    [Test]
    public void Data_UnderNoKey_IsLeftOut() =>
        Assert.That(ExceptionTravel.Through(new NullKeyException("m")), Is.TypeOf<NullKeyException>().With.Message.EqualTo("m"));

    [Test]
    public void Exception_WithAPropertyOfATypeThatIsNotThere_HasAStandIn()
    {
        var missing = new PersistedAssemblyBuilder(new("TinyWorkerMissing"), typeof(object).Assembly);
        var missingType = missing.DefineDynamicModule("TinyWorkerMissing").DefineType("Missing", TypeAttributes.Public).CreateType();
        var assembly = new PersistedAssemblyBuilder(new("TinyWorkerLacking"), typeof(object).Assembly);
        var type = assembly.DefineDynamicModule("TinyWorkerLacking").DefineType("Lacking", TypeAttributes.Public, typeof(Exception));
        type.DefineDefaultConstructor(MethodAttributes.Public);
        var getter = type.DefineMethod("get_Property", MethodAttributes.Public, missingType, []);
        getter.GetILGenerator().Emit(OpCodes.Ldnull);
        getter.GetILGenerator().Emit(OpCodes.Ret);
        type.DefineProperty("Property", PropertyAttributes.None, missingType, null).SetGetMethod(getter);
        type.CreateType();
        using var bytes = new MemoryStream();
        assembly.Save(bytes);
        var exception = (Exception)Activator.CreateInstance(Assembly.Load(bytes.ToArray()).GetType("Lacking", throwOnError: true)!)!;

        Assert.That(() => exception.GetType().GetProperty("Property")!.PropertyType, Throws.TypeOf<FileNotFoundException>());
        Assert.That(
            ExceptionTravel.Through(exception), Is.TypeOf<RemoteWorkerException>().With.Property("RemoteTypeName").EqualTo("Lacking"));
    }

    // Without the name of the type, the message of Exception and a stack trace, and with nothing cut.
    private static void WriteBeginning(FieldWriter to)
    {
        for (var i = 0; i < 4; i++) to.Write((string?)null);
        to.Write((byte)0);
        to.Write((string?)null);
    }

    private static byte[] Bytes(Action<FieldWriter> write)
    {
        using var buffer = new PayloadBuffer();
        write(new FieldWriter(buffer));
        return [.. Enumerable.Range(0, buffer.SegmentCount).SelectMany(i => buffer.Segment(i).ToArray())];
    }

    private static ExceptionRecord Record(string type) => new(type, type, "m", "m", false, null, [], [], []);

    private sealed class ThrowingException : Exception
    {
        public override string Message => throw new FormatException("Message");

        public override string StackTrace => throw new FormatException("StackTrace");

        public override IDictionary Data => throw new FormatException("Data");

        public override string? Source { get => throw new FormatException("Source"); set => throw new FormatException("Source"); }

        public override string? HelpLink { get => throw new FormatException("HelpLink"); set => throw new FormatException("HelpLink"); }

        public int Code { get => throw new FormatException("Code"); set => throw new FormatException("Code"); }

        public override string ToString() => throw new FormatException("ToString");

        public override bool Equals(object? obj) => throw new FormatException("Equals");

        public override int GetHashCode() => throw new FormatException("GetHashCode");
    }

    private sealed class HalfDataException() : Exception("half")
    {
        public override IDictionary Data => new HalfDictionary();
    }

    private sealed class HalfDictionary : Hashtable
    {
        public override IDictionaryEnumerator GetEnumerator() => throw new FormatException("GetEnumerator");
    }

    private sealed class NullException : Exception
    {
        public override string Message => null!;

        public override IDictionary Data => null!;
    }

    private sealed class NullKeyException(string message) : Exception(message)
    {
        public override IDictionary Data => new NullKeyDictionary();
    }

    private sealed class NullKeyDictionary : Hashtable
    {
        public override IDictionaryEnumerator GetEnumerator() => new One();

        private sealed class One : IDictionaryEnumerator
        {
            private bool _isThere;

            public object Current => Entry;

            public DictionaryEntry Entry => default;

            public object Key => null!;

            public object? Value => null;

            public bool MoveNext() => !_isThere && (_isThere = true);

            public void Reset() => _isThere = false;
        }
    }

    private sealed class OnceException : Exception
    {
        public OnceException(string message)
            : base(message)
        {
            if (Refuse) throw new FormatException("not again");
        }

        public static bool Refuse { get; set; }
    }

    private sealed class ChangingException : Exception
    {
        private static int _count;

        public override string Message => $"{Interlocked.Increment(ref _count)}";
    }

    private sealed class Trap
    {
        public Trap() => Made = true;

        public Trap(string message)
        {
            _ = message;
            Made = true;
        }

        public static bool Made { get; private set; }
    }

    private sealed class GenericTrap<T> : Exception;
}
