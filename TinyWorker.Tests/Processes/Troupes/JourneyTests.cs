using TinyWorker.Tests.Progress;

namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>What is sent to a worker process and comes back.</summary>
internal sealed class JourneyTests : TroupeFixture
{
    [Test]
    public void CapturedValue_ThatCannotTravel_IsRefusedBeforeAnythingStarts()
    {
        using var gate = new SemaphoreSlim(1);
        var refusal = Assert.Throws<ArgumentException>(
            () => _ = new TinyTroupe<int, int>(x => x + gate.CurrentCount, new ProcessTroupeOptions { Workers = 1 }));
        Assert.That(refusal!.Message, Does.Contain("gate").And.Contain(nameof(SemaphoreSlim)));
        Assert.That(ProcessTable.Children(), Is.Empty);
    }

    [Test]
    public async Task Input_ThatCannotBeSerialized_FaultsItselfAndGivesItsSlotBack()
    {
        await using var troupe = new TinyTroupe<Letter, int>(_ => 1, new ProcessTroupeOptions { Workers = 1, Capacity = 1 });
        for (var i = 0; i < 5; i++)
        {
            var bad = troupe.Submit(new Letter(false));
            await Fault<Exception>(bad);
            Assert.That(bad.Exception!.ToString(), Does.Contain("cannot be written"));
            Assert.That(await Result(troupe.Submit(new Letter(true))), Is.EqualTo(1));
        }

        // Also when many are sent together.
        var futures = Enumerable.Range(0, 200).Select(i => troupe.Submit(new Letter(i % 10 != 3))).ToArray();
        for (var i = 0; i < futures.Length; i++)
        {
            if (i % 10 == 3) await Fault<Exception>(futures[i]);
            else await Result(futures[i]);
        }

        var snapshot = troupe.Snapshot();
        Assert.That((snapshot.Waiting, snapshot.Running, snapshot.Faulted, snapshot.Succeeded), Is.EqualTo((0, 0, 25L, 185L)));
        Assert.That(snapshot.Workers[0].Restarts, Is.Zero);
        await Dispose(troupe);
    }

    [Test]
    public async Task Result_ThatCannotBeSerialized_FaultsItself()
    {
        await using var troupe = new TinyTroupe<bool, Letter>(
            bad => new Letter(!bad), new ProcessTroupeOptions { Workers = 1 });
        var fault = await Fault<Exception>(troupe.Submit(true).Then(_ => 0));
        Assert.That(fault.ToString(), Does.Contain("cannot be written"));
        Assert.That((await Result(troupe.Submit(false))).IsWritable, Is.True);
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.Zero);
        await Dispose(troupe);
    }

    [Test]
    public async Task Value_ThatWouldArriveDamaged_FaultsItselfOnEitherSide()
    {
        await using var troupe = new TinyTroupe<Beast, Beast>(
            beast => beast.Legs == 2 ? new Bird { Legs = 2 } : beast, new ProcessTroupeOptions { Workers = 1 });
        var input = await Fault<NotSupportedException>(troupe.Submit(new Bird()).Then(_ => 0));
        var result = await Fault<NotSupportedException>(troupe.Submit(new Beast { Legs = 2 }).Then(_ => 0));
        Assert.That(input.Message, Does.Contain("it is a JourneyTests.Bird, and would come back as a JourneyTests.Beast"));
        Assert.That(result.Message, Is.EqualTo(input.Message));
        Assert.That((await Result(troupe.Submit(new Beast { Legs = 4 }))).Legs, Is.EqualTo(4));
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.Zero);
        await Dispose(troupe);
    }

    [Test]
    public async Task Value_ThatASetterWouldChange_FaultsItselfOnEitherSide()
    {
        await using var troupe = new TinyTroupe<Name, Name>(
            name => name.First == "Ann" ? new Name { First = "Ann Marie" } : name, new ProcessTroupeOptions { Workers = 1 });
        var input = await Fault<NotSupportedException>(troupe.Submit(new Name { First = "Jo Ann" }).Then(_ => 0));
        var result = await Fault<NotSupportedException>(troupe.Submit(new Name { First = "Ann" }).Then(_ => 0));
        Assert.That(input.Message, Does.Contain("System.Text.Json would lose the value of its First"));
        Assert.That(result.Message, Is.EqualTo(input.Message));
        Assert.That((await Result(troupe.Submit(new Name { First = "Jo", Last = "Lee" }))).Full, Is.EqualTo("Jo Lee"));
        await Dispose(troupe);
    }

    [Test]
    public async Task Array_OfAnotherTypeThanDeclared_FaultsItselfOnEitherSide()
    {
        await using var troupe = new TinyTroupe<int[], int[]>(
            array => array.Length == 0 ? (int[])(object)new uint[1] : array, new ProcessTroupeOptions { Workers = 1 });
        var input = await Fault<NotSupportedException>(troupe.Submit((int[])(object)new uint[] { 1 }).Then(_ => 0));
        var result = await Fault<NotSupportedException>(troupe.Submit([]).Then(_ => 0));
        Assert.That(input.Message, Does.Contain("UInt32[]").And.Contain("Int32[]"));
        Assert.That(result.Message, Is.EqualTo(input.Message));
        Assert.That(await Result(troupe.Submit([1, 2])), Is.EqualTo(new[] { 1, 2 }));
        await Dispose(troupe);
    }

    [Test]
    public async Task NullableStructs_TravelThereAndBack()
    {
        await using var troupe = new TinyTroupe<(int, string)?, KeyValuePair<int, string>?>(
            pair => pair is var (number, text) ? new(number, text) : null, new ProcessTroupeOptions { Workers = 1 });
        Assert.That(await Result(troupe.Submit((1, "a"))), Is.EqualTo(new KeyValuePair<int, string>(1, "a")));
        Assert.That(await Result(troupe.Submit(((int, string)?)null)), Is.Null);
        await Dispose(troupe);
    }

    [Test]
    public async Task Objects_OfKnownTypes_KeepThemThereAndBack()
    {
        await using var troupe = new TinyTroupe<object, Dictionary<string, object>>(
            value => new() { ["type"] = value.GetType().Name, ["value"] = value }, new ProcessTroupeOptions { Workers = 1 });
        Assert.That((await Result(troupe.Submit(5)))["value"], Is.TypeOf<int>().And.EqualTo(5));
        Assert.That((await Result(troupe.Submit(new DateOnly(2026, 1, 2))))["type"], Is.EqualTo(nameof(DateOnly)));
        await Dispose(troupe);
    }

    [Test]
    public async Task Exception_OfATask_KeepsItsTypeAndItsRemoteStack()
    {
        await using var troupe = new TinyTroupe<int, int>(Throw, new ProcessTroupeOptions { Workers = 1 });
        var own = await Fault<FormatException>(troupe.Submit(0));
        Assert.That(own.Message, Is.EqualTo("on purpose"));
        Assert.That(own.InnerException, Is.TypeOf<KeyNotFoundException>());
        Assert.That(own.ToString(), Does.Contain(nameof(JourneyTests) + "." + nameof(Throw)));
        var foreign = await Fault<RemoteWorkerException>(troupe.Submit(1));
        Assert.That(foreign.ToString(), Does.Contain(nameof(Unusual)).And.Contain(nameof(JourneyTests) + "." + nameof(Throw)));
        await Fault<OperationCanceledException>(troupe.Submit(2));
        await Dispose(troupe);
    }

    [Test]
    public async Task Numbers_ThereAndBack_KeepEveryBit()
    {
        await using var doubles = new TinyTroupe<double, double>(x => x, new ProcessTroupeOptions { Workers = 1 });
        foreach (var bits in new[] { 0x7FF8_0000_0000_0123L, unchecked((long)0xFFF8_0000_0000_0000), long.MinValue, 1L })
            Assert.That(
                BitConverter.DoubleToInt64Bits(await Result(doubles.Submit(BitConverter.Int64BitsToDouble(bits)))), Is.EqualTo(bits));
        await using var dates = new TinyTroupe<DateTime, DateTime>(x => x, new ProcessTroupeOptions { Workers = 1 });
        foreach (var kind in Enum.GetValues<DateTimeKind>())
        {
            var date = new DateTime(2024, 2, 29, 12, 34, 56, 789, kind).AddTicks(1);
            var back = await Result(dates.Submit(date));
            Assert.That((back.Ticks, back.Kind), Is.EqualTo((date.Ticks, date.Kind)));
        }
    }

    [Test]
    public async Task LargeArrays_ThereAndBack_ArriveWhole()
    {
        const int Count = 100 << 17;
        await using var troupe = new TinyTroupe<double[], double[]>(
            numbers =>
            {
                Array.Reverse(numbers);
                return numbers;
            },
            new ProcessTroupeOptions { Workers = 1 });
        var sent = new double[Count];
        for (var i = 0; i < Count; i++) sent[i] = i;
        var back = await Result(troupe.Submit(sent));
        Assert.That(back, Has.Length.EqualTo(Count));
        Assert.That(!back.Where((number, i) => number != Count - 1 - i).Any());
        Assert.That(sent[1], Is.EqualTo(1));
    }

    [Test]
    public async Task Chains_BetweenProcessesAndThreads_GoBothWays()
    {
        await using var there = new TinyTroupe<int, (int, int)>(
            x => (x + 1, Environment.ProcessId), new ProcessTroupeOptions { Workers = 2 });
        await using var here = new TinyTroupe<(int Value, int Process), int>(
            x => x.Process == Environment.ProcessId ? -1 : x.Value * 10, new() { Workers = 2 });
        await using var again = new TinyTroupe<int, string>(
            x => x.ToString(System.Globalization.CultureInfo.InvariantCulture), new ProcessTroupeOptions { Workers = 1 });
        var futures = Enumerable.Range(0, 300).Select(x => again.Submit(here.Submit(there.Submit(x)))).ToArray();
        for (var x = 0; x < futures.Length; x++) Assert.That(await Result(futures[x]), Is.EqualTo($"{(x + 1) * 10}"));
    }

    [Test]
    public async Task Maps_OverProcesses_AreAsElsewhere()
    {
        await using var troupe = new TinyTroupe<int, int>(x => 3 * x, new ProcessTroupeOptions { Workers = 2 });
        var expected = Enumerable.Range(0, 2000).Select(x => 3 * x).ToArray();
        Within.Time(() => Assert.That(troupe.Map(Enumerable.Range(0, 2000)).ToArray(), Is.EqualTo(expected)));
        Within.Time(
            () => Assert.That(
                troupe.Map(Enumerable.Range(0, 2000), new MapOptions { Ordered = false, Window = 500 }).Order().ToArray(),
                Is.EqualTo(expected)));
        Within.Time(() => Assert.That(troupe.Map(Enumerable.Range(0, 1_000_000)).Take(3).ToArray(), Is.EqualTo(new[] { 0, 3, 6 })));
        var progress = new ProgressBar("processes", new FakeTerminal(120).Console);
        Within.Time(() => Assert.That(
            Enumerable.Range(0, 2000)
                .ParallelMap(x => 3 * x, new ProcessTroupeOptions { Workers = 2 }, new MapOptions { Progress = progress }).ToArray(),
            Is.EqualTo(expected)));
    }

    [Test]
    public async Task AsynchronousFunctions_Travel()
    {
        var factor = 7;
        await using var troupe = new TinyTroupe<int, int>(
            async x =>
            {
                await Task.Yield();
                return factor * x;
            },
            new ProcessTroupeOptions { Workers = 1 });
        Assert.That(await Result(troupe.Submit(6)), Is.EqualTo(42));
    }

    [Test]
    public async Task WorkerOfAFactory_LivesInItsProcessFromItsStartToItsDisposal()
    {
        var file = File("life");
        await using var troupe = new TinyTroupe<int, string>(
            info => new Lived(info, file), new ProcessTroupeOptions { Workers = 1, Name = "lived" });
        var life = await Result(troupe.Submit(1));
        var process = troupe.Snapshot().Workers[0].ProcessId;
        Assert.That(life, Is.EqualTo($"lived 0 of 1, 0 restarts: made in {process}, started in {process}, called in {process}"));
        await Dispose(troupe);
        Assert.That(System.IO.File.ReadAllText(file), Is.EqualTo(life + $", disposed in {process}"));
    }

    private static int Throw(int how) => how switch
    {
        0 => throw new FormatException("on purpose", new KeyNotFoundException("inside")),
        1 => throw new Unusual(1, "unusual"),
        _ => throw new OperationCanceledException("nobody has asked"),
    };

    private class Beast
    {
        public int Legs { get; set; }
    }

    private sealed class Bird : Beast;

    private sealed record Letter(bool IsWritable)
    {
        public string Text => IsWritable ? "good" : throw new NotSupportedException("cannot be written");
    }

#pragma warning disable CA1032 // Made by these tests alone.
    private sealed class Unusual(int one, string two) : Exception(two + one);
#pragma warning restore CA1032

    private sealed class Lived(WorkerInfo info, string file) : TinyAsyncWorker<int, string>, IAsyncDisposable
    {
        private string _life = $"{info.Troupe} {info.Index} of {info.Count}, {info.Restarts} restarts: made in {Environment.ProcessId}";

        public override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            await Task.Yield();
            _life += $", started in {Environment.ProcessId}";
        }

        public override async ValueTask<string> CallAsync(int input, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return _life += $", called in {Environment.ProcessId}";
        }

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            await System.IO.File.WriteAllTextAsync(file, _life + $", disposed in {Environment.ProcessId}");
        }
    }

    internal sealed class Name
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
}
