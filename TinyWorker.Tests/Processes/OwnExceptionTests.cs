using System.Reflection;
using TinyWorker.Processes.Exceptions;

namespace TinyWorker.Tests.Processes;

/// <summary>The library's own exceptions, of a troupe within a worker process.</summary>
internal sealed class OwnExceptionTests
{
    [Test]
    public void Crash_OfANestedTroupe_KeepsAllThatItSays()
    {
        var crash = ExceptionTravel.Thrown(
            new WorkerCrashedException("inner", 77, null, "SIGKILL", ["one", "", "two"], 3, new IOException("the cause")));
        crash.Data["k"] = 1;

        var there = (WorkerCrashedException)ExceptionTravel.Through(crash);

        Assert.That(there.Message, Is.EqualTo(crash.Message));
        Assert.That(
            (there.Troupe, there.ProcessId, there.ExitCode, there.Signal, there.Attempts, there.HResult),
            Is.EqualTo(("inner", 77, (int?)null, "SIGKILL", 3, crash.HResult)));
        Assert.That(there.LastErrorLines, Is.EqualTo(new[] { "one", "", "two" }));
        Assert.That(there.InnerException, Is.TypeOf<IOException>().With.Message.EqualTo("the cause"));
        Assert.That(there.Data["k"], Is.EqualTo(1));
        Assert.That(there.ToString(), Does.Contain(nameof(ExceptionTravel.Thrown)));
    }

    [Test]
    public void Start_ThatFailedInANestedTroupe_KeepsItsWorkerAndItsCause()
    {
        var start = new WorkerStartException(new WorkerInfo("inner", 1, 2, 5), 3, new FormatException("no model"));

        var there = (WorkerStartException)ExceptionTravel.Through(start);

        Assert.That(there.Message, Is.EqualTo(start.Message));
        Assert.That((there.Worker, there.Tries, there.Troupe), Is.EqualTo((start.Worker, 3, "inner")));
        Assert.That(there.InnerException, Is.TypeOf<FormatException>());
    }

    [Test]
    public void StandIn_OfANestedTroupe_StaysWhatItIs()
    {
        var standIn = RemoteWorkerException.For("inner", "Some.Type", "   at There", "gone", new FormatException("a"));

        var there = (RemoteWorkerException)ExceptionTravel.Through(ExceptionTravel.Through(standIn));

        Assert.That(there.Message, Is.EqualTo(standIn.Message));
        Assert.That((there.Troupe, there.RemoteTypeName, there.RemoteStackTrace), Is.EqualTo(("inner", "Some.Type", "   at There")));
    }

    [TestCaseSource(nameof(OwnTypes))]
    public void EveryExceptionOfTheLibrary_ComesBackAsItselfWithAllOfItsProperties(Type type)
    {
        var exception = Make(type);

        var there = ExceptionTravel.Through(exception);

        Assert.That(there, Is.TypeOf(type));
        Assert.That(there.Message, Is.EqualTo(exception.Message));
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly))
            Assert.That(property.GetValue(there), Is.EqualTo(property.GetValue(exception)), property.Name);
    }

    [Test]
    public void State_ThatIsNotOfTheType_MakesAStandIn()
    {
        var properties = new Dictionary<string, object?> { ["<ProcessId>k__BackingField"] = "no number" };
        var name = typeof(WorkerCrashedException).AssemblyQualifiedName;

        var there = ExceptionRebuilder.Rebuild(
            new ExceptionRecord(name, "TinyWorker.WorkerCrashedException", "m", "m", false, null, properties, [], []), "here");

        Assert.That(there, Is.TypeOf<RemoteWorkerException>());
    }

    private static IEnumerable<Type> OwnTypes() => typeof(TroupeException).Assembly.GetTypes()
        .Where(type => typeof(Exception).IsAssignableFrom(type) && !type.IsAbstract);

    // By the constructor that takes most, with a value for each simple parameter.
    private static Exception Make(Type type)
    {
        var constructor = type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .MaxBy(constructor => constructor.GetParameters().Length)!;
        return (Exception)constructor.Invoke([.. constructor.GetParameters().Select(parameter => ValueOf(parameter.ParameterType))]);
    }

    private static object? ValueOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return "text";
        if (type == typeof(Exception)) return new FormatException("cause");
        if (type == typeof(WorkerInfo)) return new WorkerInfo("troupe", 1, 2, 3);
        if (type.IsAssignableFrom(typeof(string[]))) return new[] { "a", "b" };
        if (type.IsEnum) return Enum.GetValues(type).GetValue(Enum.GetValues(type).Length - 1);
        if (type.IsPrimitive) return Convert.ChangeType(1, type, null);
        if (type.IsValueType) return Activator.CreateInstance(type);
        return null;
    }
}
