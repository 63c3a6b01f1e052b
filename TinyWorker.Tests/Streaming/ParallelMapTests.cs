using TinyWorker.Tests.Stress;

namespace TinyWorker.Tests.Streaming;

[NonParallelizable]
internal sealed class ParallelMapTests
{
    private static readonly int[] Numbers = [1, 2, 3];

    [Test]
    public void Lambda_OfEveryKind_BindsAsItsAuthorMeans()
    {
        IEnumerable<string> plain = Numbers.ParallelMap(x => $"<{x}>");
        IEnumerable<string> token = Numbers.ParallelMap((x, token) => $"<{x}{token.IsCancellationRequested}>");
        IEnumerable<string> asynchronous = Numbers.ParallelMap(async x =>
        {
            await Task.Yield();
            return $"<{x}>";
        });
        IEnumerable<string> asynchronousWithToken = Numbers.ParallelMap(async (x, token) =>
        {
            await Task.Delay(1, token);
            return $"<{x}>";
        });
        IEnumerable<string> workers = Numbers.ParallelMap(info => new Brackets(info.Index));

        string[] expected = ["<1>", "<2>", "<3>"];
        Within.Time(
            () =>
            {
                Assert.That(plain, Is.EqualTo(expected));
                Assert.That(token, Is.EqualTo(new[] { "<1False>", "<2False>", "<3False>" }));
                Assert.That(asynchronous, Is.EqualTo(expected));
                Assert.That(asynchronousWithToken, Is.EqualTo(expected));
                Assert.That(workers, Is.EqualTo(expected));
            },
            "the maps");
    }

    [Test]
    public async Task ParallelMapAsync_OfBothKindsOfSources_YieldsTheResults()
    {
        string[] expected = ["<1>", "<2>", "<3>"];
        Assert.That(await Within.Time(Collect(Numbers.ParallelMapAsync(x => $"<{x}>"))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(Numbers.ParallelMapAsync(info => new Brackets(info.Index)))), Is.EqualTo(expected));
        Assert.That(await Within.Time(Collect(Slowly().ParallelMapAsync(x => $"<{x}>"))), Is.EqualTo(expected));
        Assert.That(
            await Within.Time(Collect(Slowly().ParallelMapAsync(async x =>
            {
                await Task.Yield();
                return $"<{x}>";
            }))),
            Is.EqualTo(expected));
    }

    [TestCase("finished")]
    [TestCase("left early")]
    [TestCase("failed")]
    [TestCase("never begun")]
    public void Enumeration_HoweverItEnds_LeavesNoThreadBehind(string how)
    {
        const string Name = "one-shot";
        var made = 0;
        var disposed = 0;
        var map = Enumerable.Range(0, 1000).ParallelMap(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new Doubler(how == "failed" ? 500 : -1, () => Interlocked.Increment(ref disposed));
            },
            new ThreadTroupeOptions { Name = Name, Workers = 3 });

        Within.Time(
            () =>
            {
                switch (how)
                {
                    case "finished":
                        Assert.That(map, Is.EqualTo(Enumerable.Range(0, 1000).Select(x => x * 2)));
                        break;
                    case "left early":
                        Assert.That(map.First(), Is.Zero);
                        break;
                    case "failed":
                        Assert.That(() => map.Count(), Throws.TypeOf<FormatException>());
                        break;
                    default:
                        map.GetEnumerator().Dispose();
                        break;
                }
            },
            "the enumeration");

        Assert.That(made, Is.EqualTo(disposed).And.EqualTo(how == "never begun" ? 0 : 3));
        Threads.AreGone(Name);
    }

    [Test]
    public void Map_EnumeratedTwice_RunsTwiceInTroupesOfTheirOwn()
    {
        var calls = 0;
        var map = Numbers.ParallelMap(x => x + Interlocked.Increment(ref calls) - calls);
        Within.Time(() => Assert.That(map.Count() + map.Count(), Is.EqualTo(6)), "two enumerations");
        Assert.That(calls, Is.EqualTo(6));
    }

    [Test]
    public void Arguments_ThatCannotBe_AreNamedAtTheCall()
    {
        Assert.That(() => ((int[])null!).ParallelMap(x => x), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("source"));
        Assert.That(() => Numbers.ParallelMap((Func<int, int>)null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("function"));
        Assert.That(() => Numbers.ParallelMap((Func<WorkerInfo, ITinyWorker<int, int>>)null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("workerFactory"));
        Assert.That(() => Numbers.ParallelMap(x => x, new() { Workers = 0 }), Throws.InstanceOf<ArgumentException>().With.Message.Contains("Workers"));
        Assert.That(() => Numbers.ParallelMap(x => x, options: new() { Window = 0 }), Throws.InstanceOf<ArgumentException>().With.Message.Contains("Window"));
    }

    private static async Task<T[]> Collect<T>(IAsyncEnumerable<T> source)
    {
        var all = new List<T>();
        await foreach (var item in source) all.Add(item);
        return [.. all];
    }

    private static async IAsyncEnumerable<int> Slowly()
    {
        foreach (var x in Numbers)
        {
            await Task.Yield();
            yield return x;
        }
    }

    private sealed class Brackets(int index) : TinyWorker<int, string>
    {
        public override string Call(int input, CancellationToken cancellationToken) => index < 0 ? "" : $"<{input}>";
    }

    private sealed class Doubler(int failing, Action dispose) : TinyWorker<int, int>, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => input == failing ? throw new FormatException() : input * 2;

        public void Dispose() => dispose();
    }
}
