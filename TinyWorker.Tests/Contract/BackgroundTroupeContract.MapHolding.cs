namespace TinyWorker.Tests.Contract;

// A sleeping consumer is woken once for several tiny tasks. No result may wait for the end of a slow task.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Map_OfTinyTasksBeforeSlowOnes_YieldsThemBeforeTheSlowOnesEnd([Values] bool ordered, [Values] bool asynchronous)
    {
        const int Rounds = 10;
        const int Tiny = 300;
        const int Slow = 20;
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x < Tiny) Thread.SpinWait(300);   // long enough for the consumer to fall asleep
                else Within.Wait(gate, "the results of all tiny tasks");
                return x;
            },
            Options(new Settings { Workers = 2 }));
        for (var round = 0; round < Rounds; round++)
        {
            gate.Reset();
            var seen = 0;
            var options = new MapOptions { Ordered = ordered, Window = 64 };
            Assert.That(await Enumerate(troupe, Enumerable.Range(0, Tiny + Slow), options, asynchronous, See), Is.Null);
            Assert.That(seen, Is.EqualTo(Tiny + Slow));

            void See(int x)
            {
                if (++seen == Tiny) gate.Set();
            }
        }

        await End(troupe);
    }
}
