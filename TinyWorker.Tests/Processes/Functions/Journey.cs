using TinyWorker.Processes.Functions;

namespace TinyWorker.Tests.Processes.Functions;

/// <summary>Describes a function and rebuilds it in the same process.</summary>
internal static class Journey
{
    public static T Of<T>(T function)
        where T : Delegate
    {
        var rebuilt = TravellingFunction.Rebuild(TravellingFunction.Describe(function, nameof(function)).Bytes);
        Assert.That(rebuilt, Is.TypeOf(function.GetType()));
        return (T)rebuilt;
    }

    /// <summary>The message of the refusal.</summary>
    public static string Refusal(Delegate function)
    {
        var refusal = Assert.Throws<ArgumentException>(() => TravellingFunction.Describe(function, "workerFactory"))!;
        Assert.That(refusal.ParamName, Is.EqualTo("workerFactory"));
        return refusal.Message;
    }
}
